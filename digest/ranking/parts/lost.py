"""A part that takes points away, met with readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.parts.base import Scored, Told
from digest.ranking.score import POINTS, Points


@dataclass(frozen=True, slots=True)
class Lost:
    """Readers x papers, nought or less."""

    name: str
    lost: Points

    def add(self, scored: Scored) -> None:
        np.add(scored.points, self.lost, out=scored.points)

    def reasons(self, places: NDArray[np.integer[Any]]) -> list[list[Told]]:
        chosen = self.lost[np.arange(len(places))[:, None], places]
        scores: list[list[float]] = (chosen / POINTS).tolist()
        return [[(self.name, score) for score in row] for row in scores]
