"""Where interests and papers are compared: a space of vectors, with a name that says which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digest import learning
from digest.learning import vectors
from digest.models import Edition, EditionKind, ModelKind, Paper, RankingModel
from digest.ranking import hashing
from digest.ranking.meaning import DIMENSIONS
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

    def stored(self, papers: Collection[int]) -> dict[int, NDArray[np.int8]]:
        """The same as it was when their edition was built: nothing is made anew."""


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

    stored = papers


@lru_cache(maxsize=4096)
def _vector(title: str, abstract: str) -> NDArray[np.int8]:
    """Remembered, as each chunk of readers meets the same papers. Words of the title count twice."""
    vector: NDArray[np.int8] = hashing.hashed([[*words(title) * 2, *words(abstract)]])[0]
    return vector


class MeaningSpace:
    """By a model of meaning: what says the same in other words is near, too."""

    dimensions = DIMENSIONS
    # Of 400 papers of a fortnight two in a hundred are nearer to a few words than the one, one than the other.
    floor = 0.25
    enough = 0.38
    stretch = 2.0
    is_young = False

    def __init__(self, model: RankingModel) -> None:
        self.key = f"meaning-{model.pk}"
        self._model = model

    def texts(self, texts: Sequence[str]) -> NDArray[np.int8]:
        return vectors.of_texts(self._model, texts)

    def papers(self, papers: Collection[int]) -> dict[int, NDArray[np.int8]]:
        """What is not there yet is made and stored."""
        return _arrays(vectors.ensured(self._model, papers))

    def stored(self, papers: Collection[int]) -> dict[int, NDArray[np.int8]]:
        return _arrays(vectors.of(self._model, papers))


def of(edition: Edition) -> Space:
    """The space in which an edition's papers meet interests: that of the model it was built with."""
    return MeaningSpace(edition.meaning) if edition.meaning else WordSpace()


def in_use() -> Space:
    """That of the newest edition, which readers are sent; before there is one, of the model that the next will have."""
    newest = Edition.objects.published().filter(kind=EditionKind.DAILY).order_by("-date")
    edition = newest.select_related("meaning").first()
    if edition:
        return of(edition)
    model = learning.current(ModelKind.MEANING)
    return MeaningSpace(model) if model else WordSpace()


def _arrays(rows: Mapping[int, bytes]) -> dict[int, NDArray[np.int8]]:
    return {paper: np.frombuffer(vector, dtype=np.int8) for paper, vector in rows.items()}
