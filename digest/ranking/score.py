"""Takes scores; gives them in points, and what is first by them.

Scores are counted in points, whole numbers of ten-thousandths: every order of adding gives the same sum, so what a
reader is told is exactly what the order was computed from, and parts printed to four digits add up as printed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

POINTS = 10_000
# Far beyond what any part is worth, and so small that a sum of parts fits 32 bits.
MOST = 10**8

Points = NDArray[np.int32]
Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a paper is worth that is all about a reader's topic or interest, that trends as much as can be, that is
    pinned, that is by a reader's own author, that is sure to be listed by a community; what one loses that is just
    what they voted down, and one of an earlier edition a day.

    `general` is a topic's worth for who follows none: the one a paper is most about counts, and little, so that trends
    decide.
    """

    # A new paper that a community voted for ranks beside one that is twice as much about the topic and has no votes.
    topic: float = 0.5
    interest: float = 0.5
    author: float = 0.5
    away: float = 0.4
    general: float = 0.05
    trend: float = 0.4
    # What a listed paper typically gets for its votes, so that to be sure of a listing is worth what a listing is.
    prediction: float = 0.08
    pin: float = 1.0
    day: float = 0.02


WEIGHTS = Weights()


def order(scores: ArrayLike, ids: ArrayLike) -> NDArray[np.intp]:
    """Positions, best first; of equal scores the paper with the higher id, which came to us later, goes first."""
    return np.lexsort((-np.asarray(ids), -np.asarray(scores)))


def as_score(points: int) -> float:
    """The score that so many points make: the closest float to the four-digit decimal."""
    return points / POINTS


def as_points(scores: ArrayLike) -> Points:
    """Whole points of scores; what is not a number is worth nothing."""
    most = MOST / POINTS
    bounded = np.clip(np.nan_to_num(np.asarray(scores, dtype=np.float64)), -most, most)
    whole: Points = np.rint(bounded * POINTS).astype(np.int32)
    return whole
