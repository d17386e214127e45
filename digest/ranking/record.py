"""Takes papers, their first days and what a community listed; gives what was known of authors a week before a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError
from digest.ranking.stored import Arrays, checked
from digest.ranking.terms import author_names
from digest.ranking.texts import PaperText

# By then a paper is listed, or will not be.
SETTLED = timedelta(days=7)


class Example(NamedTuple):
    """A paper, its first day, and whether it was listed."""

    paper: PaperText
    day: date
    listed: bool = False


class Listing(NamedTuple):
    paper: PaperText
    day: date


@dataclass(frozen=True, slots=True)
class Days:
    """Days by author, in order: those of the author at `keys[n]` are between `starts[n]` and `starts[n + 1]`.

    Keys are hashes of names, in order; days are ordinals.
    """

    keys: NDArray[np.uint64]
    starts: NDArray[np.int32]
    days: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Iterable[Example | Listing]) -> Days:
        found: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            for name in author_names(row.paper):
                found[key_of(name)].append(row.day.toordinal())
        keys = sorted(found)
        days = [sorted(found[key]) for key in keys]
        starts = np.cumsum([0, *(len(each) for each in days)], dtype=np.int32)
        return cls(
            np.array(keys, dtype=np.uint64), starts, np.array([day for each in days for day in each], dtype=np.int32)
        )

    def before(self, keys: NDArray[np.uint64], day: int) -> NDArray[np.float64]:
        """How many of each author's days are before that one."""
        counts = np.zeros(len(keys))
        for row, place in enumerate(np.searchsorted(self.keys, keys).tolist()):
            if place < len(self.keys) and self.keys[place] == keys[row]:
                counts[row] = np.searchsorted(self.days[self.starts[place] : self.starts[place + 1]], day)
        return counts

    def arrays(self, name: str) -> Arrays:
        return {f"{name}_{part}": getattr(self, part) for part in self.__slots__}

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> Days:
        keys = checked(arrays, f"{name}_keys", "u", (None,))
        starts = checked(arrays, f"{name}_starts", "i", (len(keys) + 1,))
        days = checked(arrays, f"{name}_days", "i", (None,))
        if starts[0] != 0 or starts[-1] != len(days) or np.any(np.diff(starts) < 0) or np.any(keys[1:] <= keys[:-1]):
            raise ModelError(f"{name} are not in order")
        return cls(keys.astype(np.uint64), starts.astype(np.int32), days.astype(np.int32))


@dataclass(frozen=True, slots=True)
class Record:
    """The days on which authors' papers came out, and those on which they were listed."""

    papers: Days
    listings: Days

    @classmethod
    def of(cls, examples: Iterable[Example], listings: Iterable[Listing]) -> Record:
        return cls(Days.of(examples), Days.of(listings))

    def features(self, paper: PaperText, day: date) -> Sequence[float]:
        """How often the authors were listed a week before, and of how many papers."""
        keys = np.array([key_of(name) for name in author_names(paper)], dtype=np.uint64)
        known = (day - SETTLED).toordinal()
        listed, papers = (
            days.before(keys, known) if len(keys) else np.zeros(1) for days in (self.listings, self.papers)
        )
        rate = (listed + 0.05) / (np.maximum(papers, listed) + 1)
        return [
            listed.max(),
            listed.sum(),
            listed.mean(),
            np.log1p(listed).sum(),
            listed[0],
            listed[-1],
            float((listed > 0).mean()),
            rate.max(),
            rate.mean(),
            rate[0],
            rate[-1],
            papers.sum(),
            len(keys),
        ]


def key_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
