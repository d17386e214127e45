"""Takes papers that nobody has voted on yet; gives how likely a community is to list each.

Nothing is known yet of what is predicted. What counts is the text, what became of the authors' earlier papers,
categories, and what is said of code and venues. `ranking.fitting.prediction` learns it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.errors import ModelError
from digest.ranking.record import Days, Example, Record
from digest.ranking.stored import checked, packed, unpacked
from digest.ranking.terms import COLUMNS, WORD, counted, words
from digest.ranking.texts import PaperText
from digest.ranking.trees import Trees

FORMAT = 1
DIMENSIONS = 48
CATEGORIES = 15
FACTS = 25  # columns beside categories: 13 of the authors' record, 12 plain ones
LINK = re.compile(r"https?:")
VENUE = re.compile(r"accepted|to appear|conference|proceedings|workshop", re.IGNORECASE)
RELEASE = re.compile(r"open.?source|release|publicly available", re.IGNORECASE)
Floats = NDArray[np.float64]


def described(paper: PaperText) -> Iterator[str]:
    """Words and pairs of them, categories, and words of the comment."""
    yield from words(paper)
    yield from (f"category {category}" for category in paper.categories)
    yield f"primary {paper.primary_category}"
    yield from {f"comment {word}" for word in WORD.findall(paper.comment.casefold())}


def facts(examples: Sequence[Example], record: Record, categories: Sequence[str]) -> Floats:
    """Examples x what is known of each but for its words."""
    rows = [[*record.features(each.paper, each.day), *_plain(each, categories)] for each in examples]
    return np.array(rows, dtype=np.float64).reshape(len(examples), FACTS + 2 * len(categories))


def _plain(example: Example, categories: Sequence[str]) -> Iterator[float]:
    paper, text = example.paper, f"{example.paper.abstract} {example.paper.comment}"
    yield from (category in paper.categories for category in categories)
    yield from (category == paper.primary_category for category in categories)
    yield from (len(paper.title), len(paper.abstract), len(paper.comment), len(paper.categories))
    yield from (":" in paper.title, "github" in text.casefold(), LINK.search(paper.abstract) is not None)
    yield from (LINK.search(paper.comment) is not None, VENUE.search(paper.comment) is not None)
    yield from (RELEASE.search(text) is not None, "project" in paper.comment.casefold(), example.day.weekday())


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is kept of a fit: for each column of terms its `rarity` and what it says (`text`, beside `intercept`), the
    `columns` with their `directions` of meaning, the authors' record, and trees over all of that.
    """

    rarity: NDArray[np.float16]
    text: NDArray[np.float16]
    intercept: float
    columns: NDArray[np.int32]
    directions: NDArray[np.float16]
    categories: tuple[str, ...]
    record: Record
    trees: Trees

    def probabilities(self, examples: Sequence[Example]) -> Floats:
        """Of each paper, in [0, 1]; whether it was listed is not looked at."""
        if not examples:
            return np.zeros(0)
        told = np.array([self._told(example.paper) for example in examples])
        return self.trees.probabilities(np.column_stack([told, facts(examples, self.record, self.categories)]))

    def _told(self, paper: PaperText) -> Floats:
        """What its words say, and its directions of meaning."""
        counts = counted(paper, described)
        columns = np.fromiter(counts, dtype=np.int32, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        weights = (1 + np.log(times)) * self.rarity[columns].astype(np.float64)
        weights /= float(np.linalg.norm(weights)) or 1.0
        score = float(weights @ self.text[columns].astype(np.float64)) + self.intercept
        places = np.minimum(np.searchsorted(self.columns, columns), max(0, len(self.columns) - 1))
        known = self.columns[places] == columns if len(self.columns) else np.zeros(len(columns), dtype=bool)
        meaning = weights[known] @ self.directions[places[known]].astype(np.float64)
        return np.array([score, *(meaning / (float(np.linalg.norm(meaning)) or 1.0))])

    def as_bytes(self) -> bytes:
        names = ("rarity", "text", "columns", "directions")
        arrays = {name: getattr(self, name) for name in names} | self.trees.arrays()
        arrays |= self.record.papers.arrays("papers") | self.record.listings.arrays("listings")
        told = {"categories": self.categories, "intercept": self.intercept}
        return packed(arrays, {"kind": "prediction", "format": FORMAT, **told})

    @classmethod
    def from_bytes(cls, data: bytes) -> Prediction:
        """`ModelError` where they are damaged, or of another make."""
        arrays, told = unpacked(data)
        if (told.get("kind"), told.get("format")) != ("prediction", FORMAT):
            raise ModelError(f"it is a {told.get('kind')} of format {told.get('format')}")
        categories, intercept = told.get("categories"), told.get("intercept")
        if not isinstance(categories, list) or len(categories) > CATEGORIES or not isinstance(intercept, float):
            raise ModelError("it says nothing of categories")
        columns = checked(arrays, "columns", "i", (None,))
        directions = checked(arrays, "directions", "f", (len(columns), None))
        if np.any(np.diff(columns) <= 0) or directions.shape[1] > DIMENSIONS:
            raise ModelError("its columns are not in order")
        width = 1 + directions.shape[1] + FACTS + 2 * len(categories)
        return cls(
            checked(arrays, "rarity", "f", (COLUMNS,)).astype(np.float16),
            checked(arrays, "text", "f", (COLUMNS,)).astype(np.float16),
            intercept,
            columns.astype(np.int32),
            directions.astype(np.float16),
            tuple(str(category) for category in categories),
            Record(Days.read(arrays, "papers"), Days.read(arrays, "listings")),
            Trees.read(arrays, width),
        )
