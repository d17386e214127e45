"""Takes readers' scores before anything is chosen; gives the paper that is to surprise each reader who wants one.

Near what they asked for, and not of it: topics touched in passing, an interest not quite met. And of some worth to
others, so that nobody is sent what is only half about their own: discussed a little, or likely to be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts import Scored
from digest.ranking.score import POINTS, WEIGHTS
from digest.ranking.table import TRENDING, Table

SURPRISE = "surprise"
# What it is worth to be one: the label's part of the score. It has the last place whatever it is.
WORTH = 0.01
NEAR = 0.05  # of a score: a tenth of what a paper all about a topic has
NOTED = WEIGHTS.trend * TRENDING / 3  # from here on a reason says "discussed"


def surprises(
    table: Table,
    readers: Sequence[Interests],
    scored: Scored,
    withheld: NDArray[np.bool_],
    groups: Sequence[NDArray[np.intp]],
) -> dict[int, int]:
    """By reader's row, the paper's place. Who asked for nothing, or for one paper a day, has none."""
    rows = [row for row, each in enumerate(readers) if each.surprises and not each.is_general and each.length > 1]
    if not rows:
        return {}
    common = np.sum([part.column for part in table.common], axis=0, dtype=np.int64)
    fit_for_it = (common >= NOTED * POINTS) & ~table.notable
    for places in groups:
        fit_for_it[places] = False  # its like may be in the digest
    points = scored.points[rows]
    there = fit_for_it & (points - common >= NEAR * POINTS) & ~scored.fits[rows] & ~withheld[rows]
    best = np.where(there, points, np.iinfo(np.int32).min)
    last = best.shape[1] - 1 - best[:, ::-1].argmax(axis=1)  # of equals the one that came later
    found = np.flatnonzero(there.any(axis=1)).tolist()
    return {rows[each]: int(last[each]) for each in found}


def placed(places: NDArray[np.intp], found: dict[int, int], readers: Sequence[Interests]) -> dict[int, int]:
    """Put each at the end of its digest, in the place of the last paper where it is full; gives where it stands.

    An empty digest stays empty: a surprise alone is none.
    """
    positions = {}
    for row, place in found.items():
        count = int(np.count_nonzero(places[row] >= 0))
        if count:
            positions[row] = min(count, readers[row].length - 1)
            places[row, positions[row]] = place
    return positions
