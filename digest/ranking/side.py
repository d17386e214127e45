"""Takes a pool's vectors; gives how like its papers are to readers' profiles, for thousands of profiles at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.taste import SAME
from digest.ranking.terms import COLUMNS
from digest.ranking.vectors import BITS, DIMENSIONS, HEAVIEST, ONE, TERM, meaning_of, terms_of

# A paper that is as like a profile in words as the profile's own is worth so many as near in meaning as can be.
WORDS = 2.5
SCALE = WORDS * ONE**2 / (SAME * HEAVIEST)


@dataclass(frozen=True, slots=True)
class Words:
    """Which papers have each term, and how much of it: those of a place lie between two of the `starts`, which has
    COLUMNS of them and one more.
    """

    starts: NDArray[np.int32]
    papers: NDArray[np.int32]
    weights: NDArray[np.int32]

    @classmethod
    def of(cls, papers: Sequence[NDArray[np.uint32]]) -> Words:
        """By each paper's terms."""
        joined = np.concatenate([np.zeros(0, TERM), *papers])
        rows = np.repeat(np.arange(len(papers), dtype=np.int32), [len(each) for each in papers])
        return cls._of(joined >> BITS, rows, (joined & HEAVIEST).astype(np.int32))

    @classmethod
    def _of(cls, places: NDArray[Any], papers: NDArray[np.int32], weights: NDArray[np.int32]) -> Words:
        order = np.argsort(places, kind="stable")
        starts = np.zeros(COLUMNS + 1, dtype=np.int32)
        np.cumsum(np.bincount(places, minlength=COLUMNS), out=starts[1:])
        return cls(starts, papers[order], weights[order])

    def take(self, order: NDArray[np.intp]) -> Words:
        """With the papers in another order."""
        places = np.repeat(np.arange(COLUMNS), np.diff(self.starts))
        return self._of(places, np.argsort(order).astype(np.int32)[self.papers], self.weights)

    def products(self, profiles: Sequence[NDArray[np.uint32]], papers: int) -> NDArray[Any]:
        """Profiles x papers, whole numbers: only terms that both have are looked at."""
        joined = np.concatenate([np.zeros(0, TERM), *profiles])
        places = joined >> BITS
        firsts = self.starts[places]
        counts = self.starts[places + 1] - firsts
        known = np.flatnonzero(counts)
        firsts, counts = firsts[known], counts[known]
        rows = np.repeat(np.arange(len(profiles)) * papers, [len(each) for each in profiles])[known]
        ends = np.cumsum(counts)
        which = np.arange(ends[-1] if len(ends) else 0) + np.repeat(firsts - ends + counts, counts)
        cells = np.repeat(rows, counts) + self.papers[which]
        weights = np.repeat((joined & HEAVIEST)[known].astype(np.int64), counts) * self.weights[which]
        found: NDArray[Any] = np.bincount(cells, weights=weights, minlength=len(profiles) * papers)
        return found.reshape(len(profiles), papers)


@dataclass(frozen=True, slots=True)
class Side:
    """n papers' side of likeness: `meaning`, papers x dimensions in bytes, and their `words`, if they have any.

    Products of bytes are whole numbers, exact in 32-bit floats below 2**24, and so are sums of terms in 64-bit ones:
    the same on every machine and in every batch.
    """

    meaning: NDArray[np.int8]
    words: Words | None = None

    @classmethod
    def of(cls, vectors: Sequence[bytes]) -> Side:
        """By papers' vectors, empty for a paper without one."""
        nothing = bytes(DIMENSIONS)
        whole = [vector or nothing for vector in vectors]
        meaning = np.array([meaning_of(vector) for vector in whole], dtype=np.int8).reshape(-1, DIMENSIONS)
        return cls(meaning, Words.of([terms_of(vector) for vector in whole]))

    def likeness(self, profiles: Sequence[bytes]) -> NDArray[np.float32]:
        """Profiles x papers; ONE times ONE is as near in meaning as can be. An empty profile is like nothing."""
        papers, dimensions = self.meaning.shape
        joined = b"".join([profile[:dimensions] or bytes(dimensions) for profile in profiles])
        meaning = np.frombuffer(joined, dtype=np.int8).reshape(len(profiles), dimensions).astype(np.float32)
        found: NDArray[np.float32] = meaning @ self.meaning.T.astype(np.float32)
        if self.words:
            words = self.words.products([terms_of(profile, dimensions) for profile in profiles], papers)
            np.add(found, words * SCALE, out=found, casting="same_kind")
        return found

    def take(self, order: NDArray[np.intp]) -> Side:
        """The same with its papers in another order."""
        return Side(self.meaning[order], self.words.take(order) if self.words else None)
