"""Takes papers a reader liked; gives how much others are for them: by their words, and by their authors, apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.terms import author_names, parts_of_names, words
from digest.ranking.texts import PaperText

Scores = NDArray[np.float64]
# What each part is worth beside the others: a shared author says more than shared words, a shared surname hardly any.
WORTH = {"words": 0.5, "authors": 1.0, "names": 0.2}


@dataclass(frozen=True, slots=True)
class TasteModel:
    """A space for each part. They are fitted on a corpus alone: what anybody liked plays no role in them."""

    spaces: dict[str, TermSpace]

    @classmethod
    def fitted(cls, corpus: Iterable[PaperText]) -> TasteModel:
        papers = list(corpus)
        terms = {"words": words, "authors": author_names, "names": parts_of_names}
        return cls({name: TermSpace.fitted(papers, each) for name, each in terms.items()})

    def parts(
        self, liked: Sequence[PaperText], papers: Sequence[PaperText], disliked: Sequence[PaperText] = ()
    ) -> dict[str, Scores]:
        """By name, a score for each of the papers; nought says nothing, less than nought speaks against it."""
        return {
            name: WORTH[name] * np.asarray(space.vectors(papers) @ space.profile(liked, disliked), dtype=np.float64)
            for name, space in self.spaces.items()
        }
