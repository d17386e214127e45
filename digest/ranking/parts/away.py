"""What readers voted down: the nearer a paper is to it, the more it loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts.base import Met
from digest.ranking.parts.lost import Lost
from digest.ranking.score import POINTS, Points
from digest.ranking.vectors import ONE

NAME = "less:papers you voted down"


@dataclass(frozen=True, slots=True)
class AwayPart:
    """Papers x dimensions, in bytes; `weight` is what a paper loses that is as near as can be, from `floor` on.

    Products of bytes are whole numbers, exact in 32-bit floats, as in `ProfilePart`.
    """

    vectors: NDArray[np.int8]
    weight: float
    floor: float

    def meet(self, readers: Sequence[Interests]) -> Met:
        rows = np.array([row for row, reader in enumerate(readers) if reader.away], dtype=np.intp)
        joined = np.frombuffer(b"".join([reader.away for reader in readers]), dtype=np.int8)
        profiles = joined.reshape(len(rows), self.vectors.shape[1]).astype(np.float32)
        lost = np.zeros((len(readers), len(self.vectors)), dtype=np.int32)
        lost[rows] = self.points(profiles @ self.vectors.T.astype(np.float32))
        return Lost(NAME, lost)

    def take(self, order: NDArray[np.intp]) -> AwayPart:
        return replace(self, vectors=self.vectors[order])

    def points(self, products: NDArray[np.float32]) -> Points:
        slope = np.float32(self.weight * POINTS / (1 - self.floor) / ONE**2)
        above = np.maximum(products - np.float32(self.floor * ONE**2), np.float32(0))
        points: Points = np.rint(above * -slope).astype(np.int32)
        return points
