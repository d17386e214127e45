"""Takes a paper's counters over time and its age; gives how much it trends, between 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What an e-fold of each counter is worth; the columns of the arrays below are in this order. A vote is an opinion;
# stars belong to a repository that may be older and wider than the paper.
WEIGHTS = {"upvotes": 1.0, "comments": 0.3, "stars": 0.2}
KINDS = tuple(WEIGHTS)
VELOCITY = 0.5
VELOCITY_DAYS = 3
# Where the curve bends: with 6 votes, the median of what a community lists in a day, a new paper stands near 0.5.
SATURATION = 3.0
HALF_LIFE_DAYS = 4.0

Snapshots = Sequence[tuple[date, int]]


class Counter(NamedTuple):
    """Where a counter stands, and by how much it grew per day over its last VELOCITY_DAYS."""

    latest: float = 0.0
    gain: float = 0.0


def counter(snapshots: Snapshots) -> Counter:
    """The state of one counter after its dated snapshots, in any order. One snapshot alone shows no growth."""
    if not snapshots:
        return Counter()
    ordered = sorted(snapshots)
    last_day, latest = ordered[-1]
    first_day, earlier = next(pair for pair in ordered if (last_day - pair[0]).days <= VELOCITY_DAYS)
    days = (last_day - first_day).days
    return Counter(float(latest), max(0.0, (latest - earlier) / days) if days else 0.0)


def trend(history: Mapping[str, Snapshots], age_days: float, half_life_days: float = HALF_LIFE_DAYS) -> float:
    """How much a paper trends; `history` maps `upvotes`, `comments` and `stars` to dated snapshots."""
    counters = [counter(history.get(kind, ())) for kind in KINDS]
    latest, gains = ([[getattr(each, field) for each in counters]] for field in Counter._fields)
    return float(trends(latest, gains, [age_days], half_life_days)[0])


def trends(
    latest: ArrayLike, gains: ArrayLike, age_days: ArrayLike, half_life_days: float = HALF_LIFE_DAYS
) -> NDArray[np.float64]:
    """How much each of n papers trends, in [0, 1]; `latest` and `gains` are n x 3 in the order of KINDS.

        heat  = sum over counters of weight * (ln(1 + latest) + VELOCITY * ln(1 + gain per day))
        trend = (1 - exp(-heat / SATURATION)) * 2 ** (-age / half life)

    Logarithms, because the tenth vote says more than the thousandth (as in Salihefendic, "How Reddit ranking
    algorithms work", 2010). Never less for more votes, never more for more days.
    """
    weights = np.array([WEIGHTS[kind] for kind in KINDS])
    counts, growth = (np.log1p(np.asarray(each, dtype=np.float64).reshape(-1, len(KINDS))) for each in (latest, gains))
    heat = (counts + VELOCITY * growth) @ weights
    decay = np.exp2(-np.maximum(0.0, np.asarray(age_days, dtype=np.float64)) / half_life_days)
    result: NDArray[np.float64] = -np.expm1(-heat / SATURATION) * decay
    return result
