"""Takes a topic's name and a corpus; gives how relevant papers are to it, though nobody said which belong to it.

The papers of the corpus that are nearest to the name show what else such papers speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.ranking.fitting.meaning import Floats, MeaningSpace
from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.terms import plain_words
from digest.ranking.texts import PaperText

NEAREST = 100
LEAST_PART = 4  # of a small corpus, a quarter
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NameFinder:
    """Spaces fitted on the corpus, and the corpus in them."""

    words: TermSpace
    meaning: MeaningSpace
    corpus_words: sparse.csr_array
    corpus_meaning: Floats

    @classmethod
    def fitted(cls, corpus: Sequence[PaperText]) -> NameFinder:
        space = TermSpace.fitted(corpus, plain_words)
        meaning = MeaningSpace.fitted(space, corpus)
        found = space.vectors(corpus)
        return cls(space, meaning, found, meaning.of(found))

    def relevance(self, names: Sequence[str], papers: Sequence[PaperText]) -> Scores:
        """Papers x names, in standard deviations: half is how near a paper is in meaning to the name, half the words
        it shares with the papers of the corpus that are nearest to it."""
        found = self.words.vectors(papers)
        meaning = self.meaning.of(found)
        columns = [self._of_name(name, found, meaning) for name in names]
        return np.stack(columns, axis=1) if columns else np.zeros((len(papers), 0))

    def _of_name(self, name: str, found: sparse.csr_array, meaning: Floats) -> Scores:
        direction = self.meaning.profile([PaperText(name)])
        near = self.corpus_meaning @ direction
        nearest = np.argsort(-near, kind="stable")[: min(NEAREST, len(near) // LEAST_PART)]
        return (_standard(meaning @ direction) + _standard(found @ self._in_common(nearest))) / 2

    def _in_common(self, nearest: NDArray[np.intp]) -> Floats:
        if not len(nearest):
            return np.zeros_like(self.words.mean)
        mean: Floats = np.asarray(self.corpus_words[nearest].mean(axis=0), dtype=np.float32).ravel()
        return mean - self.words.mean


def _standard(scores: NDArray[np.floating]) -> Scores:
    if not len(scores):
        return np.zeros(0)
    centred: Scores = np.asarray(scores, dtype=np.float64) - float(scores.mean())
    spread = float(scores.std())
    return centred / spread if spread > 1e-5 else centred * 0  # 32-bit floats differ by as much for nothing
