"""Takes papers; gives how much each word and pair of words tells, and papers as the terms they are written in.

TF-IDF with logarithms of counts (Salton and Buckley, 1988), in closed form and with numpy alone: it serves from the
first paper on. Terms are hashed to places: nothing has to be known of a term to see that two papers share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.ranking.terms import COLUMNS, counted, telling_words
from digest.ranking.texts import PaperText
from digest.ranking.vectors import HEAVIEST, Terms, packed_terms

# Terms of more papers than this tell nothing, as of a few papers nothing is sure.
MOST_PAPERS = 0.5
LARGEST = 1000  # terms of a paper, the heaviest: a long abstract has some 300


@dataclass(frozen=True, slots=True)
class Wording:
    """For each of COLUMNS how `rare` its terms are, and how much a paper has of them: the `usual`, a mean."""

    rare: NDArray[np.float16]
    usual: NDArray[np.float16]

    @classmethod
    def fitted(cls, corpus: Iterable[PaperText]) -> Wording:
        papers = [_counts(paper) for paper in corpus]
        having = np.zeros(COLUMNS)
        for places, _ in papers:
            having[places] += 1
        rare = np.log((1 + len(papers)) / (1 + having)) + 1
        rare[having > max(1, len(papers) * MOST_PAPERS)] = 0
        usual = np.zeros(COLUMNS)
        for places, times in papers:
            usual[places] += _unit(times * rare[places]) / len(papers)
        return cls(rare.astype(np.float16), usual.astype(np.float16))

    def terms(self, paper: PaperText) -> Terms:
        """A paper's terms, of length HEAVIEST; none for a text without a word that tells."""
        places, times = _counts(paper)
        weights = times * self.rare[places]
        if len(places) > LARGEST:
            heaviest = np.argsort(-weights, kind="stable")[:LARGEST]
            places, weights = places[heaviest], weights[heaviest]
        return packed_terms(places, _unit(weights) * HEAVIEST)


def _counts(paper: PaperText) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Places, and one and the logarithm of how often each is met."""
    counts = counted(paper, telling_words)
    times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    return np.fromiter(counts, dtype=np.int32, count=len(counts)), 1 + np.log(times)


def _unit(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / (float(np.linalg.norm(weights)) or 1.0)
