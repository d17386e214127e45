"""Takes papers' counters over time, their ages and fields; gives how much each trends, between 0 and 1.

docs/ranking.md shows the arithmetic with examples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What each counter adds; the columns of the arrays below are in this order. A vote is an opinion; stars belong to a
# repository that may be older and wider than the paper.
WEIGHTS = {"upvotes": 1.0, "comments": 0.3, "stars": 0.2}
KINDS = tuple(WEIGHTS)
# A counter of a paper this young began at nought; older ones, and stars, only show what they grew by since we look.
YOUNG_DAYS = 7
FROM_NOUGHT = frozenset({"upvotes", "comments"})
HALF_LIFE_DAYS = 2.0
# What a listed paper has grown by where nothing is known of its peers: medians of a community's lists.
TYPICAL = {"upvotes": 6.0, "comments": 1.0, "stars": 8.0}
LEAST_TYPICAL = 1.0
PEERS = 20  # papers that what is known beforehand counts for
SETTLED_DAYS = 3  # papers of this age or more are peers of one another
FULL = 3.0  # a counter says all it can when the paper grew by the cube of what is typical
BEND = 1.5

Snapshots = Sequence[tuple[date, int]]


class Growth(NamedTuple):
    """By how much a counter grew: all that is known of, and what of it is still news."""

    whole: float = 0.0
    recent: float = 0.0


def growth(kind: str, snapshots: Snapshots, born: date, today: date, half_life_days: float = HALF_LIFE_DAYS) -> Growth:
    """Of one counter after its dated snapshots, in any order, of a paper that became news on `born`.

    Each step halves with every half life since it was seen. What a young paper had at the first snapshot counts as
    of the day it was born; what an old one had then is no news, and a replacement does not make it so.
    """
    steps: list[tuple[date, int]] = []
    before: int | None = 0 if kind in FROM_NOUGHT else None
    for day, value in sorted(snapshots):
        if not steps and (before is None or (day - born).days > YOUNG_DAYS):
            steps.append((day, 0))
        else:
            steps.append((day if steps else min(day, born), max(0, value - (before or 0))))
        before = value
    return Growth(
        float(sum(gain for _, gain in steps)),
        float(sum(gain * 2 ** (-max(0, (today - day).days) / half_life_days) for day, gain in steps)),
    )


def trends(whole: ArrayLike, recent: ArrayLike, age_days: ArrayLike, fields: Sequence[Hashable]) -> NDArray[np.float64]:
    """How much each of n papers trends, in [0, 1]; `whole` and `recent` are n x 3 in the order of KINDS.

        heat  = sum over counters of weight * min(1, ln(1 + recent) / (FULL * typical))
        trend = min(1, heat) ** BEND

    `typical` is the mean of ln(1 + whole) over the papers of the same age and field for which that counter moved at
    all, shrunk towards the mean of all fields, and that towards TYPICAL: a paper is held against its like. Logarithms,
    because the tenth vote says more than the thousandth (as in Salihefendic, "How Reddit ranking algorithms work",
    2010). Never less for more votes.
    """
    logs = np.log1p(_counts(recent))
    shares = np.minimum(1.0, logs / (FULL * _typical(np.log1p(_counts(whole)), age_days, fields)))
    heat = shares @ np.array(list(WEIGHTS.values()))
    result: NDArray[np.float64] = np.minimum(1.0, heat) ** BEND
    return result


def _counts(counts: ArrayLike) -> NDArray[np.float64]:
    """Not a number, infinite and negative counts are none."""
    numbers = np.asarray(counts, dtype=np.float64).reshape(-1, len(KINDS))
    counted: NDArray[np.float64] = np.where(np.isfinite(numbers), np.maximum(numbers, 0.0), 0.0)
    return counted


def _typical(logs: NDArray[np.float64], age_days: ArrayLike, fields: Sequence[Hashable]) -> NDArray[np.float64]:
    ages = np.clip(np.nan_to_num(np.asarray(age_days, dtype=np.float64)), 0, SETTLED_DAYS).astype(int).tolist()
    known = np.log1p(np.array(list(TYPICAL.values())))
    of_age = _means(logs, ages, dict.fromkeys(ages, known))
    peers = list(zip(ages, fields, strict=True))
    of_field = _means(logs, peers, {(age, field): of_age[age] for age, field in peers})
    typical = np.array([of_field[each] for each in peers]).reshape(logs.shape)
    bounded: NDArray[np.float64] = np.maximum(typical, np.log1p(LEAST_TYPICAL))
    return bounded


def _means(
    logs: NDArray[np.float64], groups: Sequence[Hashable], beforehand: dict[Hashable, NDArray[np.float64]]
) -> dict[Hashable, NDArray[np.float64]]:
    """Each group's means over the papers for which the counter moved, shrunk towards what is known beforehand."""
    sums: dict[Hashable, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(KINDS)))
    counts: dict[Hashable, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(KINDS)))
    for group, row in zip(groups, logs, strict=True):
        sums[group] += row
        counts[group] += row > 0
    return {group: (sums[group] + PEERS * prior) / (counts[group] + PEERS) for group, prior in beforehand.items()}
