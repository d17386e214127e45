"""What a paper is worth to everybody alike: its trend, what editors decided, a prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digest.ranking.parts.base import Reason, Scored
from digest.ranking.score import MOST, Points


@dataclass(frozen=True, slots=True)
class CommonPart:
    """`column` holds n papers' points. From `notable_from` on a paper also comes to who did not ask for it."""

    name: str
    column: Points
    notable_from: int = MOST + 1

    @property
    def notable(self) -> NDArray[np.bool_]:
        return self.column >= self.notable_from

    def add(self, scored: Scored) -> None:
        np.add(scored.points, self.column, out=scored.points)

    def reason(self, paper: int) -> Reason:
        return self.name, int(self.column[paper])

    def take(self, order: NDArray[np.intp]) -> CommonPart:
        return replace(self, column=self.column[order])
