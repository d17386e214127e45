"""Takes papers and topics; gives what all the words of a paper say of whether it is about a topic.

By them "alignment" in chemistry is told from alignment of models. `ranking.fitting.context` finds what each word says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError
from digest.ranking.stored import checked, packed, unpacked
from digest.ranking.terms import COLUMNS, weighed
from digest.ranking.texts import PaperText

FORMAT = 1
# Words are no independent witnesses of what was found, and the examples they were learned from are not sure: they count
# for less than they say, and by themselves, where nothing was found, barely make a paper one about the topic.
TRUST = 0.6
MOST_SAID = 3.5


@dataclass(frozen=True, slots=True)
class Context:
    """A linear model for each of the topics `slugs`: `columns` of terms in order, what each weighs (`rarity`) and says
    of each topic (`words`, columns x topics), and what is to be added (`offsets`).
    """

    slugs: tuple[str, ...]
    columns: NDArray[np.int32]
    rarity: NDArray[np.float32]
    words: NDArray[np.float16]
    offsets: NDArray[np.float32]

    def log_odds(self, papers: Sequence[PaperText], slugs: Sequence[str]) -> NDArray[np.float64]:
        """Papers x topics: positive where the words are those of papers about the topic, 0 for a paper without a known
        word. Not a number for topics that were not known when it was fitted.
        """
        found = np.zeros((len(papers), len(self.slugs)))
        for row, paper in enumerate(papers):
            places, weights = weighed(paper, self.columns, self.rarity)
            if length := float(np.linalg.norm(weights)):
                found[row] = weights / length @ self.words[places].astype(np.float64) + self.offsets
        found = MOST_SAID * np.tanh(TRUST * found / MOST_SAID)
        numbers = {slug: number for number, slug in enumerate(self.slugs)}
        asked = np.full((len(papers), len(slugs)), np.nan)
        for column, slug in enumerate(slugs):
            if slug in numbers:
                asked[:, column] = found[:, numbers[slug]]
        return asked

    def as_bytes(self) -> bytes:
        arrays = {name: getattr(self, name) for name in ("columns", "rarity", "words", "offsets")}
        return packed(arrays, {"kind": "context", "format": FORMAT, "slugs": self.slugs})

    @classmethod
    def from_bytes(cls, data: bytes) -> Context:
        """`ModelError` where they are damaged, or of another make."""
        arrays, facts = unpacked(data)
        if (facts.get("kind"), facts.get("format")) != ("context", FORMAT):
            raise ModelError(f"it is a {facts.get('kind')} of format {facts.get('format')}")
        slugs = facts.get("slugs")
        if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
            raise ModelError("it does not say of which topics it is")
        columns = checked(arrays, "columns", "i", (None,))
        if np.any(np.diff(columns) <= 0) or not all(0 <= each < COLUMNS for each in (*columns[:1], *columns[-1:])):
            raise ModelError("columns are not in order")
        return cls(
            tuple(slugs),
            columns.astype(np.int32),
            checked(arrays, "rarity", "f", columns.shape).astype(np.float32),
            checked(arrays, "words", "f", (len(columns), len(slugs))).astype(np.float16),
            checked(arrays, "offsets", "f", (len(slugs),)).astype(np.float32),
        )
