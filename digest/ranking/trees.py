"""Takes the trees that a fit has grown, as plain arrays; gives the probabilities they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError
from digest.ranking.stored import Arrays, checked

DEEPEST = 64
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """The nodes of all trees, one after the other; `roots` are where each begins.

    A row goes `left` where its `feature` is at most the `threshold`, else `right`; both are numbers of nodes, and never
    lower than the node's own. A leaf leads to itself and adds its `value` to `start`, in log-odds.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    start: float

    def probabilities(self, columns: Floats) -> Floats:
        """Of each row, in [0, 1]."""
        rows = np.arange(len(columns))
        odds = np.full(len(columns), self.start)
        for root in self.roots.tolist():
            nodes = np.full(len(columns), root)
            for _ in range(DEEPEST):
                goes_left = columns[rows, self.feature[nodes]] <= self.threshold[nodes]
                below = np.where(goes_left, self.left[nodes], self.right[nodes])
                if np.array_equal(below, nodes):
                    break
                nodes = below
            odds += self.value[nodes]
        likely: Floats = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
        return likely

    def arrays(self) -> Arrays:
        found = {f"trees_{name}": getattr(self, name) for name in self.__slots__ if name != "start"}
        return found | {"trees_start": np.array([self.start])}

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]], columns: int) -> Trees:
        roots = checked(arrays, "trees_roots", "i", (None,)).astype(np.int32)
        threshold = checked(arrays, "trees_threshold", "f", (None,))
        shape = threshold.shape
        feature, left, right = (
            checked(arrays, f"trees_{name}", "i", shape).astype(np.int32) for name in ("feature", "left", "right")
        )
        value, start = checked(arrays, "trees_value", "f", shape), checked(arrays, "trees_start", "f", (1,))
        numbers, count = np.arange(len(threshold)), len(threshold)
        leads_down = (np.minimum(left, right) >= numbers) & (np.maximum(left, right) < count)
        if not (leads_down.all() and np.all((feature >= 0) & (feature < columns)) and _within(roots, count)):
            raise ModelError("its trees lead nowhere")
        return cls(roots, feature, threshold, left, right, value, float(start[0]))


def _within(numbers: NDArray[np.int32], count: int) -> bool:
    return bool(np.all((numbers >= 0) & (numbers < count)))
