"""Takes texts; gives vectors: two of one subject are near, whatever words each of them uses, and those that share words
are nearer.

`ranking.fitting.meaning` finds the directions. Of a young corpus there are none yet: then words are all there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError
from digest.ranking.stored import checked, packed, unpacked
from digest.ranking.terms import COLUMNS, weighed
from digest.ranking.texts import PaperText
from digest.ranking.vectors import DIMENSIONS, as_bytes
from digest.ranking.wording import Wording

FORMAT = 2
BATCH = 500
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Meaning:
    """`rare` and `usual` are a `Wording`. For directions: `columns` of terms in order, what each weighs, and its
    `directions` (columns x at most DIMENSIONS); `centre` is the mean of a corpus' vectors, which says nothing of any of
    its papers.
    """

    rare: NDArray[np.float16]
    usual: NDArray[np.float16]
    columns: NDArray[np.int32]
    rarity: Floats
    directions: NDArray[np.float16]
    centre: Floats

    @classmethod
    def of_words(cls, corpus: Iterable[PaperText]) -> Meaning:
        """Without any direction."""
        wording = Wording.fitted(corpus)
        nothing = np.zeros(0, dtype=np.float32)
        directions = np.zeros((0, 0), dtype=np.float16)
        return cls(wording.rare, wording.usual, np.zeros(0, dtype=np.int32), nothing, directions, nothing)

    def vectors(self, papers: Iterable[PaperText]) -> Iterator[bytes]:
        """As `ranking.vectors` has them; of noughts alone for a text without a word that tells."""
        wording = Wording(self.rare, self.usual)
        rows = iter(papers)
        while batch := list(islice(rows, BATCH)):
            meaning = self._bytes(batch)
            yield from (
                row.tobytes() + wording.terms(paper).tobytes() for row, paper in zip(meaning, batch, strict=True)
            )

    def texts(self, texts: Iterable[str]) -> list[bytes]:
        """The same of free text."""
        return list(self.vectors(PaperText("", text) for text in texts))

    def _bytes(self, papers: Sequence[PaperText]) -> NDArray[np.int8]:
        found = np.zeros((len(papers), DIMENSIONS), dtype=np.float64)
        for row, paper in enumerate(papers):
            places, weights = weighed(paper, self.columns, self.rarity)
            if len(places):
                vector = weights @ self.directions[places].astype(np.float64)
                length = float(np.linalg.norm(vector))
                found[row, : len(vector)] = vector / length - self.centre if length else 0
        return as_bytes(found)

    def as_bytes(self) -> bytes:
        arrays = {name: getattr(self, name) for name in self.__slots__}
        return packed(arrays, {"kind": "meaning", "format": FORMAT})

    @classmethod
    def from_bytes(cls, data: bytes) -> Meaning:
        """`ModelError` where they are damaged, or of another make."""
        arrays, facts = unpacked(data)
        if (facts.get("kind"), facts.get("format")) != ("meaning", FORMAT):
            raise ModelError(f"it is a {facts.get('kind')} of format {facts.get('format')}")
        rare, usual = (checked(arrays, name, "f", (COLUMNS,)) for name in ("rare", "usual"))
        columns = checked(arrays, "columns", "i", (None,))
        if np.any(np.diff(columns) <= 0) or not all(0 <= each < COLUMNS for each in (*columns[:1], *columns[-1:])):
            raise ModelError("columns are not in order")
        centre = checked(arrays, "centre", "f", (None,))
        if len(centre) > DIMENSIONS:
            raise ModelError(f"it has {len(centre)} dimensions")
        shape = len(columns), len(centre)
        return cls(
            rare.astype(np.float16),
            usual.astype(np.float16),
            columns.astype(np.int32),
            checked(arrays, "rarity", "f", shape[:1]).astype(np.float32),
            checked(arrays, "directions", "f", shape).astype(np.float16),
            centre.astype(np.float32),
        )


def of_papers(model: Meaning, papers: Iterable[tuple[int, PaperText]]) -> Iterator[tuple[int, bytes]]:
    """Papers' ids and vectors, some at a time."""
    rows = iter(papers)
    while batch := list(islice(rows, BATCH)):
        vectors = model.vectors(paper for _, paper in batch)
        yield from zip((paper_id for paper_id, _ in batch), vectors, strict=True)
