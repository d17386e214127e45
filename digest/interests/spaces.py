"""Where interests and papers are compared: a space of vectors, with a name that says which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digest.models import Paper
from digest.ranking import hashing
from digest.ranking.words import words


class Space(Protocol):
    """Vectors of bytes, as `ranking.vectors` makes them; those of two spaces are never compared."""

    @property
    def key(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def floor(self) -> float:
        """The likeness from which a paper counts."""

    @property
    def enough(self) -> float:
        """The likeness from which a paper is about an interest."""

    @property
    def stretch(self) -> float:
        """What a paper as near as can be is worth more than `WEIGHTS` say, as hardly any is."""

    @property
    def is_young(self) -> bool:
        """Whether it knows words alone."""

    def texts(self, texts: Sequence[str]) -> NDArray[np.int8]:
        """Texts x dimensions."""

    def papers(self, papers: Collection[int]) -> dict[int, NDArray[np.int8]]:
        """By id; a paper without a word that tells has noughts, an unknown one is left out."""


class WordSpace:
    """By the words themselves: for a young installation, where there is nothing yet that a model could be made of."""

    key = "words-1"
    dimensions = hashing.DIMENSIONS
    floor = hashing.FLOOR
    enough = hashing.ENOUGH
    stretch = 3.0
    is_young = True

    def texts(self, texts: Sequence[str]) -> NDArray[np.int8]:
        return hashing.hashed([words(text) for text in texts])

    def papers(self, papers: Collection[int]) -> dict[int, NDArray[np.int8]]:
        rows = list(Paper.objects.filter(pk__in=papers).values_list("pk", "title", "abstract"))
        return {pk: _vector(title, abstract) for pk, title, abstract in rows}


@lru_cache(maxsize=4096)
def _vector(title: str, abstract: str) -> NDArray[np.int8]:
    """Remembered, as each chunk of readers meets the same papers. Words of the title count twice."""
    vector: NDArray[np.int8] = hashing.hashed([[*words(title) * 2, *words(abstract)]])[0]
    return vector


def in_use() -> Space:
    return WordSpace()
