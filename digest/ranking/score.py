"""Takes topics' relevance, trends, editors' decisions and readers' topics; gives scores, as sums of named parts.

Scores are counted in points, whole numbers of ten-thousandths: every order of adding gives the same sum, so what a
reader is told is exactly what the order was computed from, and parts printed to four digits add up as printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

POINTS = 10_000
TREND = "trend"
EDITOR = "editor"
TOPIC = "topic:"

Points = NDArray[np.int64]
Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a paper is worth that is all about a reader's topics, that trends as much as can be, that is pinned.

    `general` is a topic's worth for who follows none: the one a paper is most about counts, and little, so that trends
    decide.
    """

    # A new paper that a community voted for ranks beside one that is twice as much about the topic and has no votes.
    topic: float = 0.5
    general: float = 0.05
    trend: float = 0.4
    pin: float = 1.0


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Table:
    """n papers' points: `topics` is n x topics (for who follows the topic), `trend` and `editor` are n.

    `general` is n x topics for who follows none: nought but for the topic that the paper is most about.
    """

    slugs: tuple[str, ...]
    topics: Points
    general: Points
    trend: Points
    editor: Points

    def base(self) -> Points:
        """What every reader's score contains, whatever their topics."""
        return self.trend + self.editor

    def scores(self, followed: NDArray[np.bool_], general: NDArray[np.bool_]) -> Points:
        """Readers x papers, from readers x topics; readers with `general` set get the general score instead."""
        # Whole numbers below 2**24 are exact in 32-bit floats, whose matrix product is many times faster.
        matches = (followed.astype(np.float32) @ self.topics.T.astype(np.float32)).astype(np.int64)
        matches[general] = self.general.sum(axis=1)
        result: Points = matches + self.base()
        return result

    def general_scores(self) -> Points:
        result: Points = self.general.sum(axis=1) + self.base()
        return result

    def explained(self, paper: int, columns: Sequence[int] | None = None) -> tuple[float, Parts]:
        """One paper's score and its named parts, largest first, for who follows the topics in these columns.

        None stands for no topic followed: the general score.
        """
        topics = self.general if columns is None else self.topics
        named = [
            (TOPIC + self.slugs[column], int(topics[paper, column]))
            for column in (range(len(self.slugs)) if columns is None else columns)
        ]
        named += [(TREND, int(self.trend[paper])), (EDITOR, int(self.editor[paper]))]
        parts = sorted((part for part in named if part[1]), key=lambda part: -part[1])
        return as_score(sum(points for _, points in parts)), tuple((name, as_score(points)) for name, points in parts)

    def take(self, order: NDArray[np.intp]) -> Table:
        """The same table with its papers in another order."""
        return Table(self.slugs, self.topics[order], self.general[order], self.trend[order], self.editor[order])


def table(
    slugs: Sequence[str],
    relevance: ArrayLike,
    trend: ArrayLike,
    pinned: ArrayLike,
    shift: ArrayLike,
    weights: Weights = WEIGHTS,
) -> Table:
    """The points of n papers: `relevance` n x topics and `trend` n in [0, 1], `pinned` n booleans, `shift` n scores."""
    relevant = np.asarray(relevance, dtype=np.float64)
    topics = np.arange(relevant.shape[1])
    foremost = relevant.argmax(axis=1)[:, None] == topics if len(topics) else np.zeros(relevant.shape, dtype=bool)
    return Table(
        slugs=tuple(slugs),
        topics=_points(weights.topic * relevant),
        general=_points(weights.general * relevant * foremost),
        trend=_points(weights.trend * np.asarray(trend, dtype=np.float64)),
        editor=_points(weights.pin * np.asarray(pinned, dtype=np.float64) + np.asarray(shift, dtype=np.float64)),
    )


def order(scores: ArrayLike, ids: ArrayLike) -> NDArray[np.intp]:
    """Positions, best first; of equal scores the paper with the higher id, which came to us later, goes first."""
    return np.lexsort((-np.asarray(ids), -np.asarray(scores)))


def as_score(points: int) -> float:
    """The score that so many points make: the closest float to the four-digit decimal."""
    return points / POINTS


def _points(scores: NDArray[np.float64]) -> Points:
    return np.rint(scores * POINTS).astype(np.int64)
