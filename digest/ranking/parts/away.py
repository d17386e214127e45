"""What readers voted down: the nearer a paper is to it, the more it loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts.base import Met
from digest.ranking.parts.lost import Lost
from digest.ranking.score import MOST, POINTS, Points
from digest.ranking.side import Side
from digest.ranking.vectors import ONE

NAME = "less:papers you voted down"


@dataclass(frozen=True, slots=True)
class AwayPart:
    """`side` is the papers'; `weight` is what a paper loses that is as near as can be, from `floor` on; `most` the
    points that it loses at most.
    """

    side: Side
    weight: float
    floor: float
    most: int = MOST

    def meet(self, readers: Sequence[Interests]) -> Met:
        rows = np.array([row for row, reader in enumerate(readers) if reader.away], dtype=np.intp)
        lost = np.zeros((len(readers), len(self.side.meaning)), dtype=np.int32)
        if len(rows):
            lost[rows] = self.points(self.side.likeness([reader.away for reader in readers if reader.away]))
        return Lost(NAME, lost)

    def take(self, order: NDArray[np.intp]) -> AwayPart:
        return replace(self, side=self.side.take(order))

    def points(self, products: NDArray[np.float32]) -> Points:
        slope = np.float32(self.weight * POINTS / (1 - self.floor) / ONE**2)
        above = np.maximum(products - np.float32(self.floor * ONE**2), np.float32(0))
        points: Points = -np.minimum(np.rint(above * slope), np.float32(self.most)).astype(np.int32)
        return points
