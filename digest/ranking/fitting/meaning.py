"""Takes papers' words; gives vectors in which two papers of one subject are near, whatever words each of them uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.meaning import DIMENSIONS, Meaning
from digest.ranking.terms import plain_words
from digest.ranking.texts import PaperText

# A column of fewer papers is near to nothing else.
LEAST_PAPERS = 5
SMALL = 20  # of a corpus of so many papers, a column of two papers counts
SEED = 1
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MeaningSpace:
    """Latent semantic analysis (Deerwester et al., JASIS 41(6), 1990): `directions`, columns x dimensions, of `space`.

    Only some `columns` of the space take part.
    """

    space: TermSpace
    columns: NDArray[np.int64]
    directions: Floats

    @classmethod
    def fitted(cls, space: TermSpace, corpus: Iterable[PaperText], dimensions: int = DIMENSIONS) -> MeaningSpace:
        """Of fewer papers or terms than dimensions, as many as there are."""
        return cls.of_vectors(space, space.vectors(corpus), dimensions)

    @classmethod
    def of_vectors(cls, space: TermSpace, vectors: sparse.csr_array, dimensions: int = DIMENSIONS) -> MeaningSpace:
        """The same of what the space gave of a corpus."""
        having = np.bincount(vectors.indices, minlength=vectors.shape[1])
        columns = np.flatnonzero((having >= min(LEAST_PAPERS, 1 + vectors.shape[0] // SMALL)) & (space.rarity > 0))
        few = vectors[:, columns]
        size = min(dimensions, *few.shape)
        if size == 0:
            return cls(space, columns, np.zeros((len(columns), 0), dtype=np.float32))
        _, _, directions = randomized_svd(few, size, n_iter=2, random_state=SEED)
        return cls(space, columns, np.ascontiguousarray(directions.T, dtype=np.float32))

    def vectors(self, papers: Iterable[PaperText]) -> Floats:
        """Papers x dimensions, each row of length one, or nought for a paper without a known term."""
        return self.of(self.space.vectors(papers))

    def of(self, terms: sparse.csr_array) -> Floats:
        """The same of what the space gave."""
        found: Floats = np.asarray(terms[:, self.columns] @ self.directions, dtype=np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        unit: Floats = (found / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return unit

    def profile(self, liked: Sequence[PaperText]) -> Floats:
        """The direction of what papers, or texts as titles of papers, have in common."""
        mean: Floats = self.vectors(liked).mean(axis=0) if liked else np.zeros(self.directions.shape[1], np.float32)
        length = float(np.linalg.norm(mean))
        return mean / length if length else mean

    def kept(self, corpus: sparse.csr_array) -> Meaning:
        """What is stored of it; `corpus` are the terms of the papers by which it is centred."""
        vectors = self.of(corpus)
        centre = vectors.mean(axis=0) if vectors.shape[0] else np.zeros(vectors.shape[1])
        columns, rarity = self.columns.astype(np.int32), self.space.rarity[self.columns]
        return Meaning(columns, rarity, self.directions.astype(np.float16), centre.astype(np.float32))


def fitted(corpus: Iterable[PaperText]) -> Meaning:
    """The meaning of plain words in a corpus."""
    space, vectors = TermSpace.with_vectors(corpus, plain_words)
    return MeaningSpace.of_vectors(space, vectors).kept(vectors)
