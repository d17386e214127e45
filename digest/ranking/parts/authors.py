"""Authors: what a paper by each of them is worth to a reader, times who wrote it; the one worth most counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts.base import Met, Reason, Scored, Told
from digest.ranking.score import POINTS, Points
from digest.ranking.taste import OTHERS

NAME = "author:"
NONE = ("", 0)
# What one paper can make its authors worth: whoever liked it did not ask for all else that they write, nor for who has
# the same name. From more on a paper fits for its authors alone.
ONE_PAPER = POINTS // (1 + OTHERS)


@dataclass(frozen=True, slots=True)
class AuthorPart:
    """n papers' authors, each by one key; `papers` are the places of each author's."""

    authors: tuple[frozenset[str], ...]
    papers: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, authors: Sequence[frozenset[str]]) -> AuthorPart:
        papers: dict[str, list[int]] = {}
        for place, names in enumerate(authors):
            for name in names:
                papers.setdefault(name, []).append(place)
        return cls(tuple(authors), papers)

    def meet(self, readers: Sequence[Interests]) -> Met:
        return _Met([self._worth(reader) if reader.authors else {} for reader in readers])

    def take(self, order: NDArray[np.intp]) -> AuthorPart:
        return AuthorPart.of([self.authors[place] for place in order.tolist()])

    def _worth(self, reader: Interests) -> dict[int, Reason]:
        worth: dict[int, Reason] = {}
        for name, points in reader.authors:
            for place in self.papers.get(name, ()):
                if points > worth.get(place, NONE)[1]:
                    worth[place] = NAME + name, points
        return worth


@dataclass(frozen=True, slots=True)
class _Met:
    """For each reader, the reasons by paper."""

    worth: list[dict[int, Reason]]

    def add(self, scored: Scored) -> None:
        for row, reasons in enumerate(self.worth):
            if reasons:
                places = list(reasons)
                points = np.array([points for _, points in reasons.values()], dtype=np.int32)
                scored.points[row, places] += points
                scored.fits[row, places] |= points > ONE_PAPER

    def reasons(self, places: NDArray[np.integer[Any]]) -> list[list[Told]]:
        rows = zip(self.worth, places.tolist(), strict=True)
        found = [[reasons.get(place, NONE) for place in chosen] for reasons, chosen in rows]
        return [[(name, points / POINTS) for name, points in reasons] for reasons in found]

    def at_hand(self) -> NDArray[np.int64]:
        """All authors are one thing: papers by them have their share beside the topics and interests."""
        return np.array([[len(reasons)] for reasons in self.worth], dtype=np.int64)

    def foremost(self, rows: NDArray[np.intp], places: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], Points]:
        points = np.zeros(places.shape, dtype=np.int32)
        for place, row in enumerate(rows.tolist()):
            for paper, (_, worth) in self.worth[row].items():
                points[place, places[place] == paper] = worth
        return np.zeros(places.shape, dtype=np.int64), points
