"""Topics: which of them a reader follows, times how relevant a paper is to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts.base import Reason, Scored
from digest.ranking.score import Points

NAME = "topic:"
Floats = NDArray[np.float32]


class Followed(NamedTuple):
    """Sets of topics x topics, ones and noughts; which set is each reader's; and who asked for nothing."""

    sets: Floats
    rows: NDArray[np.int64]
    none: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TopicPart:
    """Papers x topics: `points` for who follows a topic, `general` for who asked for nothing, and which are `relevant`.

    Whole numbers below 2**24 are exact in 32-bit floats, whose matrix product is many times faster.
    """

    slugs: tuple[str, ...]
    points: Points
    general: Points
    relevant: NDArray[np.bool_]

    def add(self, followed: Followed, scored: Scored) -> None:
        """Readers of the same topics are reckoned once."""
        points = (followed.sets @ self.points.T.astype(np.float32)).astype(np.int32)
        fits = followed.sets @ self.relevant.T.astype(np.float32) > 0
        np.add(scored.points, points[followed.rows], out=scored.points)
        np.logical_or(scored.fits, fits[followed.rows], out=scored.fits)
        scored.points[followed.none] += self.general.sum(axis=1, dtype=np.int32)
        scored.fits[followed.none] |= self.relevant.any(axis=1)

    def reasons(self, reader: Interests, paper: int) -> Iterator[Reason]:
        points = self.general[paper] if reader.is_general else self.points[paper]
        for column in np.flatnonzero(points).tolist():
            if reader.is_general or self.slugs[column] in reader.topics:
                yield NAME + self.slugs[column], int(points[column])

    def take(self, order: NDArray[np.intp]) -> TopicPart:
        return TopicPart(self.slugs, self.points[order], self.general[order], self.relevant[order])

    def followed(self, readers: Sequence[Interests]) -> Followed:
        """Unknown topics do not count."""
        sets: dict[tuple[str, ...], int] = {}
        rows = [sets.setdefault(reader.topics, len(sets)) for reader in readers]
        columns = {slug: column for column, slug in enumerate(self.slugs)}
        marks = [(row, columns[slug]) for row, topics in enumerate(sets) for slug in topics if slug in columns]
        matrix = np.zeros((len(sets), len(columns)), dtype=np.float32)
        if marks:
            matrix[tuple(zip(*marks, strict=True))] = 1
        none = np.array([reader.is_general for reader in readers], dtype=bool)
        return Followed(matrix, np.array(rows, dtype=np.int64), none)
