"""Interests: a reader's profiles, and how like them papers are; the one that is nearest to a paper counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests, Profile
from digest.ranking.parts.base import Met, Scored, Told
from digest.ranking.score import MOST, POINTS, Points
from digest.ranking.side import Side
from digest.ranking.vectors import ONE

NAME = "interest:"
NOBODY = Profile("", b"")


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """`side` is the papers'; `weight` is the score of a paper that is as near as can be, `most` the points that
    count of it.

    A likeness counts from `floor` on, and fits from `enough` on.
    """

    side: Side
    weight: float
    floor: float
    enough: float
    most: int = MOST

    def meet(self, readers: Sequence[Interests]) -> Met:
        """Readers without a profile meet one that is nothing, so that each has a row."""
        sides = [profile.vector for reader in readers for profile in reader.profiles or (NOBODY,)]
        starts = np.cumsum([0, *(max(1, len(reader.profiles)) for reader in readers)])
        return _Met(self, readers, self.side.likeness(sides), starts)

    def take(self, order: NDArray[np.intp]) -> ProfilePart:
        return replace(self, side=self.side.take(order))

    def points(self, products: NDArray[np.float32]) -> Points:
        slope = np.float32(self.weight * POINTS / (1 - self.floor) / ONE**2)
        above = np.maximum(products - np.float32(self.floor * ONE**2), np.float32(0))
        points: Points = np.minimum(np.rint(above * slope), np.float32(self.most)).astype(np.int32)
        return points


@dataclass(frozen=True, slots=True)
class _Met:
    """`products` are profiles x papers; a reader's profiles are the rows between two of the `starts`."""

    part: ProfilePart
    readers: Sequence[Interests]
    products: NDArray[np.float32]
    starts: NDArray[np.int64]

    def add(self, scored: Scored) -> None:
        nearest = self.products[self.starts[:-1]]
        for has, rows in self._further():
            nearest[has] = np.maximum(nearest[has], self.products[rows])
        np.add(scored.points, self.part.points(nearest), out=scored.points)
        np.logical_or(scored.fits, nearest >= self.part.enough * ONE**2, out=scored.fits)

    def reasons(self, places: NDArray[np.integer[Any]]) -> list[list[Told]]:
        which, points = self.foremost(np.arange(len(places)), places)
        names = [[NAME + profile.name for profile in reader.profiles or (NOBODY,)] for reader in self.readers]
        foremost: Any = which.tolist()  # rows of whole numbers
        scores: list[list[float]] = (points / POINTS).tolist()
        told = zip(names, foremost, scores, strict=True)
        return [[(own[each], score) for each, score in zip(of, worth, strict=True)] for own, of, worth in told]

    def at_hand(self) -> NDArray[np.int64]:
        """The papers that fit each profile."""
        counts = np.array([len(reader.profiles) for reader in self.readers], dtype=np.int64)
        fitting = np.count_nonzero(self.products >= self.part.enough * ONE**2, axis=1)
        numbers = np.arange(counts.max(initial=1))
        rows = np.minimum(self.starts[:-1, None] + numbers, len(fitting) - 1)
        return np.where(numbers < counts[:, None], fitting[rows], 0)

    def foremost(self, rows: NDArray[np.intp], places: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], Points]:
        starts, counts = self.starts[:-1][rows], np.diff(self.starts)[rows]
        products, papers = self.products.ravel(), self.products.shape[1]
        best = products.take(starts[:, None] * papers + places)
        which = np.zeros(places.shape, dtype=np.int64)
        for number in range(1, int(counts.max(initial=1))):
            has = np.flatnonzero(counts > number)
            other = products.take((starts[has] + number)[:, None] * papers + places[has])
            which[has] = np.where(other > best[has], number, which[has])
            best[has] = np.maximum(other, best[has])
        return which, self.part.points(best)

    def _further(self) -> Iterator[tuple[slice | NDArray[np.intp], NDArray[np.int64]]]:
        """The readers with a second profile, a third and so on, and its rows."""
        counts = np.diff(self.starts)
        for number in range(1, int(counts.max(initial=1))):
            has = np.flatnonzero(counts > number)
            yield (slice(None) if len(has) == len(counts) else has), self.starts[has] + number
