"""A pool's papers as parts of scores: what each is worth to any reader, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digest.ranking.interests import EVERYBODY, Interests
from digest.ranking.parts import CommonPart, Followed, Met, OwnPart, Scored, Told, TopicPart
from digest.ranking.score import POINTS, WEIGHTS, Parts, Points, Weights, as_points, as_score

TREND = "trend"
EDITOR = "editor"
PREDICTION = "prediction"
# A paper is about a topic from this relevance on; less is a word in passing.
RELEVANT = 0.3
# From this trend on a paper comes to who did not ask for it: a new paper's with twice the votes that are typical.
TRENDING = 0.3


class Meeting(NamedTuple):
    """Readers x papers scored; the topics they follow, and what the readers' own parts have to say."""

    scored: Scored
    followed: Followed
    own: Sequence[Met]


@dataclass(frozen=True, slots=True)
class Table:
    """n papers; a score is the sum of the parts: of topics, of what is common to all readers, of readers' own."""

    papers: int
    topics: TopicPart
    common: tuple[CommonPart, ...]
    own: tuple[OwnPart, ...] = ()

    @property
    def notable(self) -> NDArray[np.bool_]:
        """The papers that also come to who did not ask for them."""
        return self.notable_without(())

    def notable_without(self, names: Collection[str]) -> NDArray[np.bool_]:
        """Those that are so by other parts than these."""
        parts = [part.notable for part in self.common if part.name not in names]
        notable: NDArray[np.bool_] = np.any([np.zeros(self.papers, dtype=bool), *parts], axis=0)
        return notable

    @property
    def picked(self) -> NDArray[np.bool_]:
        """The papers that editors put before everybody."""
        columns = [np.zeros(self.papers, dtype=bool), *(part.notable for part in self.common if part.name == EDITOR)]
        picked: NDArray[np.bool_] = np.any(columns, axis=0)
        return picked

    def meet(self, readers: Sequence[Interests]) -> Meeting:
        shape = len(readers), self.papers
        scored = Scored(np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=bool))
        followed = self.topics.followed(readers)
        self.topics.add(followed, scored)
        for part in self.common:
            part.add(scored)
        parts = self.own if any(not reader.is_shared for reader in readers) else ()
        own = [met for part in parts if (met := part.meet(readers)) is not None]
        for met in own:
            met.add(scored)
        return Meeting(scored, followed, own)

    def general_scores(self) -> Points:
        scores: Points = self.meet([EVERYBODY]).scored.points[0]
        return scores

    def shared(self, paper: int, reader: Interests) -> tuple[float, Parts]:
        """The score and parts that all who follow the same topics are told, largest first."""
        common = [part.reason(paper) for part in self.common]
        reasons = [reason for reason in (*self.topics.reasons(reader, paper), *common) if reason[1]]
        reasons.sort(key=lambda reason: -reason[1])
        total = sum(points for _, points in reasons)
        return as_score(total), tuple((name, as_score(points)) for name, points in reasons)

    def explained(self, paper: int, reader: Interests = EVERYBODY) -> tuple[float, Parts]:
        """One paper's score and its named parts, largest first."""
        told = self.shared(paper, reader)
        for met in self.meet([reader]).own:
            told = with_own(*told, met.reasons(np.array([[paper]]))[0][0])
        return told

    def take(self, order: NDArray[np.intp]) -> Table:
        """The same table with its papers in another order."""
        common, own = tuple(part.take(order) for part in self.common), tuple(part.take(order) for part in self.own)
        return Table(self.papers, self.topics.take(order), common, own)


def with_own(score: float, parts: Parts, own: Told) -> tuple[float, Parts]:
    """A score and its parts, and one more; parts of nought are not told."""
    if not own[1]:
        return score, parts
    total = round((score + own[1]) * POINTS) / POINTS
    if not parts or own[1] > parts[0][1]:  # as it is most often
        return total, (own, *parts)
    return total, tuple(sorted((*parts, own), key=itemgetter(1), reverse=True))


def table(
    slugs: Sequence[str],
    relevance: ArrayLike,
    trend: ArrayLike,
    pinned: ArrayLike,
    shift: ArrayLike,
    own: Sequence[OwnPart] = (),
    weights: Weights = WEIGHTS,
    prediction: ArrayLike | None = None,
) -> Table:
    """The points of n papers: `relevance` n x topics and `trend` n in [0, 1], `pinned` n booleans, `shift` n scores.

    `own` are readers' own parts. `prediction` is the probability, n in [0, 1], to trend; never enough by itself.
    """
    relevant = np.asarray(relevance, dtype=np.float64)
    papers, topics = relevant.shape
    foremost = relevant.argmax(axis=1)[:, None] == np.arange(topics) if topics else np.zeros((papers, 0), dtype=bool)
    editor = weights.pin * np.asarray(pinned, dtype=np.float64) + np.asarray(shift, dtype=np.float64)
    return Table(
        papers,
        TopicPart(
            tuple(slugs),
            points=as_points(weights.topic * relevant),
            general=as_points(weights.general * relevant * foremost),
            relevant=relevant >= RELEVANT,
        ),
        (
            CommonPart(
                TREND,
                as_points(weights.trend * np.asarray(trend, dtype=np.float64)),
                notable_from=int(as_points(weights.trend * TRENDING)),
            ),
            CommonPart(EDITOR, as_points(editor), notable_from=1),
            *_predicted(prediction, weights),
        ),
        tuple(own),
    )


def _predicted(prediction: ArrayLike | None, weights: Weights) -> tuple[CommonPart, ...]:
    """No part where nothing is predicted."""
    if prediction is None:
        return ()
    points = as_points(weights.prediction * np.asarray(prediction, dtype=np.float64))
    return (CommonPart(PREDICTION, points),) if points.any() else ()
