"""Takes texts; gives vectors, a byte a dimension: two of one subject are near, whatever words each of them uses.

`ranking.fitting.meaning` finds the directions.
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
from digest.ranking.vectors import as_bytes

FORMAT = 1
DIMENSIONS = 128  # of every vector, also where a small corpus gave fewer directions: the others are nought
BATCH = 500
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Meaning:
    """`columns` of terms in order, what each weighs, and its `directions` (columns x at most DIMENSIONS); `centre` is
    the mean of a corpus' vectors, which says nothing of any of its papers.
    """

    columns: NDArray[np.int32]
    rarity: Floats
    directions: NDArray[np.float16]
    centre: Floats

    def vectors(self, papers: Iterable[PaperText]) -> NDArray[np.int8]:
        """Papers x DIMENSIONS; noughts for a text without a known word."""
        rows = iter(papers)
        found = [np.zeros((0, DIMENSIONS), dtype=np.int8)]
        while batch := list(islice(rows, BATCH)):
            found.append(self._bytes(batch))
        return np.concatenate(found)

    def texts(self, texts: Iterable[str]) -> NDArray[np.int8]:
        """The same of free text."""
        return self.vectors(PaperText("", text) for text in texts)

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
        columns = checked(arrays, "columns", "i", (None,))
        if np.any(np.diff(columns) <= 0) or not all(0 <= each < COLUMNS for each in (*columns[:1], *columns[-1:])):
            raise ModelError("columns are not in order")
        centre = checked(arrays, "centre", "f", (None,))
        if len(centre) > DIMENSIONS:
            raise ModelError(f"it has {len(centre)} dimensions")
        shape = len(columns), len(centre)
        return cls(
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
        yield from ((paper_id, vector.tobytes()) for (paper_id, _), vector in zip(batch, vectors, strict=True))
