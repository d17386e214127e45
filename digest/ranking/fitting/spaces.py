"""Takes papers' terms; gives vectors in which two papers that share rare ones are near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.ranking.terms import COLUMNS, Terms, counted
from digest.ranking.texts import PaperText

# Terms of more papers than this tell nothing, as of a few papers nothing is sure.
MOST_PAPERS = 0.5
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TermSpace:
    """TF-IDF with logarithms of counts (Salton and Buckley, 1988), fitted on a corpus of `papers` papers.

    `rarity` is a weight for each column, `mean` the corpus' mean vector. `digest.ranking.terms` holds the `terms`.
    """

    terms: Terms
    papers: int
    rarity: Floats
    mean: Floats

    @classmethod
    def fitted(cls, corpus: Iterable[PaperText], terms: Terms) -> TermSpace:
        return cls.with_vectors(corpus, terms)[0]

    @classmethod
    def with_vectors(cls, corpus: Iterable[PaperText], terms: Terms) -> tuple[TermSpace, sparse.csr_array]:
        """The same, and the vectors of the corpus."""
        counts = _counted(corpus, terms)
        papers = counts.shape[0]
        having = np.bincount(counts.indices, minlength=COLUMNS)
        rarity = (np.log((1 + papers) / (1 + having)) + 1).astype(np.float32)
        rarity[having > max(1, papers * MOST_PAPERS)] = 0
        mean = np.zeros(COLUMNS, dtype=np.float32)
        vectors = _weighted(counts, rarity)
        if papers:
            mean += np.asarray(vectors.mean(axis=0), dtype=np.float32).ravel()
        return cls(terms, papers, rarity, mean), vectors

    def vectors(self, papers: Iterable[PaperText]) -> sparse.csr_array:
        """Papers x columns, each row of length one, or nought for a paper without a term."""
        return _weighted(_counted(papers, self.terms), self.rarity)

    def profile(self, liked: Sequence[PaperText], disliked: Sequence[PaperText] = ()) -> Floats:
        """What papers like these have in common and others have not: their mean, without that of all papers.

        Closed form (Rocchio, in The SMART Retrieval System, 1971): one paper more changes it at once, and nothing is
        fitted anew. Free text is a paper that has nothing but a title.
        """
        if not liked and not disliked:
            return np.zeros(COLUMNS, dtype=np.float32)
        near, far = (
            np.asarray(self.vectors(side).mean(axis=0)).ravel() if side else self.mean for side in (liked, disliked)
        )
        return (near - (self.mean + far) / 2).astype(np.float32)


def _counted(papers: Iterable[PaperText], terms: Terms) -> sparse.csr_array:
    counts: list[int] = []
    columns: list[int] = []
    starts = [0]
    for paper in papers:
        found = counted(paper, terms)
        columns += found.keys()
        counts += found.values()
        starts.append(len(columns))
    data = np.array(counts, dtype=np.float32), np.array(columns, dtype=np.int32), np.array(starts, dtype=np.int32)
    return sparse.csr_array(data, shape=(len(starts) - 1, COLUMNS))


def _weighted(counts: sparse.csr_array, rarity: Floats) -> sparse.csr_array:
    weighted = counts.copy()
    weighted.data = (1 + np.log(weighted.data)) * rarity[weighted.indices]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    weighted.data /= np.repeat(lengths, np.diff(weighted.indptr)).astype(np.float32)
    return weighted
