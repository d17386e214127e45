"""The contracts of a score's parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.score import Points

Reason = tuple[str, int]  # a name, and points
Told = tuple[str, float]  # the same as a score


class Scored(NamedTuple):
    """Readers x papers: points so far, and whether the paper is about anything the reader asked for."""

    points: Points
    fits: NDArray[np.bool_]


class OwnPart(Protocol):
    """n papers' side of a kind of reason that is each reader's own."""

    def meet(self, readers: Sequence[Interests]) -> Met | None:
        """None where it has nothing to do with any of them."""

    def take(self, order: NDArray[np.intp]) -> Self:
        """The same part with its papers in another order."""


class Met(Protocol):
    """Readers x papers: at most one reason of this kind for each. What `reasons` tell is what `add` adds."""

    def add(self, scored: Scored) -> None:
        """Add this part's points in place, and mark what fits."""

    def reasons(self, places: NDArray[np.integer[Any]]) -> list[list[Told]]:
        """Readers x papers, from as many places; of nought where there is no reason."""


@runtime_checkable
class Asked(Met, Protocol):
    """Met parts of things that readers asked for, numbered for each reader: each has its share of the digest."""

    def at_hand(self) -> NDArray[np.int64]:
        """Readers x numbers: how many papers there may be for each, at most; nought where there is no such thing."""

    def foremost(self, rows: NDArray[np.intp], places: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], Points]:
        """Some readers x papers, from as many places: the number of the thing that is worth most, and its points."""
