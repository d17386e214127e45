"""Takes readers' scores and a pool's groups of near-duplicates; gives each reader the best of each, the others folded.

A group's head is its best paper that is about something the reader asked for, else its best that is notable. The
others are not in the digest themselves: it names them under the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
# Above every key: a score of MOST times several parts, times a pool's papers, is far below.
FITS = 1 << 60


class Fold(NamedTuple):
    """Of one group: readers, the place of each one's head, and which of the group's `columns` are folded under it."""

    rows: NDArray[np.intp]
    heads: NDArray[np.intp]
    columns: NDArray[np.intp]
    folded: Flags

    def under(self, places: NDArray[np.integer[Any]]) -> list[tuple[int, int, tuple[int, ...]]]:
        """Reader, position and places folded under it, for the heads that stand in these digests."""
        which, positions = np.nonzero(places[self.rows] == self.heads[:, None])
        return [
            (int(self.rows[each]), int(position), tuple(self.columns[self.folded[each]].tolist()))
            for each, position in zip(which.tolist(), positions.tolist(), strict=True)
        ]


def fold(
    keys: NDArray[np.integer[Any]],
    fits: Flags,
    notable: Flags,
    withheld: Flags,
    groups: Sequence[NDArray[np.intp]],
) -> list[Fold]:
    """Withholds what is folded; `keys` are the readers' sort keys, no two of a reader's alike."""
    folds = []
    for columns in groups:
        fitting = fits[:, columns]
        here = (fitting | notable[columns]) & ~withheld[:, columns]
        rows = np.flatnonzero(here.sum(axis=1) > 1)
        if len(rows):
            there = here[rows]
            ranked = keys[rows[:, None], columns].astype(np.int64) + np.where(fitting[rows], FITS, 0)
            best = np.where(there, ranked, np.iinfo(np.int64).min).argmax(axis=1)
            there[np.arange(len(rows)), best] = False
            withheld[rows[:, None], columns] |= there
            folds.append(Fold(rows, columns[best], columns, there))
    return folds
