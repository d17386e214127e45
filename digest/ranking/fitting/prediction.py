"""Takes papers of earlier days and which of them a community listed; gives how likely others are to be listed.

Nothing is known yet of what is predicted: no vote, no listing. What counts is the text, what became of the authors'
earlier papers, categories, and what is said of code and venues.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from digest.ranking.fitting.meaning import MeaningSpace
from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.terms import WORD, author_names, words
from digest.ranking.texts import PaperText

DIMENSIONS = 48
FOLDS = 3
MEANING_OF = 3  # one in so many papers is enough to find directions
# By then a paper is listed, or will not be.
SETTLED = timedelta(days=7)
CATEGORIES = 15
TREES: dict[str, Any] = {
    "learning_rate": 0.04,
    "max_iter": 250,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1,
    "random_state": 1,
}
LINK = re.compile(r"https?:")
VENUE = re.compile(r"accepted|to appear|conference|proceedings|workshop", re.IGNORECASE)
RELEASE = re.compile(r"open.?source|release|publicly available", re.IGNORECASE)
Floats = NDArray[np.float64]


class Example(NamedTuple):
    """A paper, its first day, and whether it was listed."""

    paper: PaperText
    day: date
    listed: bool = False


class Listing(NamedTuple):
    paper: PaperText
    day: date


@dataclass(frozen=True, slots=True)
class Record:
    """The days on which each author's papers came out, and those on which they were listed, each in order."""

    papers: Mapping[str, Sequence[date]]
    listings: Mapping[str, Sequence[date]]

    @classmethod
    def of(cls, examples: Iterable[Example], listings: Iterable[Listing]) -> Record:
        papers: dict[str, list[date]] = defaultdict(list)
        listed: dict[str, list[date]] = defaultdict(list)
        for days, rows in ((papers, examples), (listed, listings)):
            for row in rows:
                for name in author_names(row.paper):
                    days[name].append(row.day)
        for days in (papers, listed):
            for name in days:
                days[name].sort()
        return cls(dict(papers), dict(listed))

    def features(self, paper: PaperText, day: date) -> list[float]:
        """What was known of the authors a week before: how often they were listed, and of how many papers."""
        names, known = list(author_names(paper)), day - SETTLED
        listed = np.array([bisect_left(self.listings.get(name, ()), known) for name in names] or [0], dtype=float)
        papers = np.array([bisect_left(self.papers.get(name, ()), known) for name in names] or [0], dtype=float)
        rate = (listed + 0.05) / (np.maximum(papers, listed) + 1)
        return [
            listed.max(),
            listed.sum(),
            listed.mean(),
            np.log1p(listed).sum(),
            listed[0],
            listed[-1],
            float((listed > 0).mean()),
            rate.max(),
            rate.mean(),
            rate[0],
            rate[-1],
            papers.sum(),
            len(names),
        ]


def described(paper: PaperText) -> Iterator[str]:
    """Words and pairs of them, categories, and words of the comment."""
    yield from words(paper)
    yield from (f"category {category}" for category in paper.categories)
    yield f"primary {paper.primary_category}"
    yield from {f"comment {word}" for word in WORD.findall(paper.comment.casefold())}


@dataclass(frozen=True, slots=True)
class Predictor:
    """Gradient boosting over a score of the words, directions of meaning, the authors' record and plain facts."""

    space: TermSpace
    meaning: MeaningSpace
    record: Record
    categories: tuple[str, ...]
    text: Any
    trees: Any

    @classmethod
    def fitted(cls, examples: Sequence[Example], listings: Sequence[Listing]) -> Predictor | None:
        """None where there is nothing to tell apart. What was listed is read off `listings` for authors alone."""
        listed = np.array([example.listed for example in examples], dtype=int)
        if min(listed.sum(), len(listed) - listed.sum()) < FOLDS:
            return None
        papers = [example.paper for example in examples]
        space = TermSpace.fitted(papers, described)
        terms = space.vectors(papers)
        meaning = MeaningSpace.fitted(space, papers[::MEANING_OF], DIMENSIONS)
        record, categories = Record.of(examples, listings), _common(papers)
        score, text = _text_scores(terms, listed)
        facts = _facts(examples, record, categories)
        columns = np.column_stack([score, meaning.of(terms), facts])
        trees = HistGradientBoostingClassifier(**TREES).fit(columns, listed)
        return cls(space, meaning, record, categories, text, trees)

    def probabilities(self, examples: Sequence[Example]) -> Floats:
        """Of each paper, in [0, 1]; whether it was listed is not looked at."""
        if not examples:
            return np.zeros(0)
        terms = self.space.vectors(example.paper for example in examples)
        facts = _facts(examples, self.record, self.categories)
        columns = np.column_stack([self.text.decision_function(terms), self.meaning.of(terms), facts])
        probabilities: Floats = self.trees.predict_proba(columns)[:, 1]
        return probabilities


def _text_scores(terms: sparse.csr_array, listed: NDArray[np.int64]) -> tuple[Floats, Any]:
    """For each paper what a model says that has not seen it, and a model that has seen all."""
    fold = np.arange(len(listed)) % FOLDS
    scores = np.zeros(len(listed))
    for number in range(FOLDS):
        scores[fold == number] = _linear(terms[fold != number], listed[fold != number]).decision_function(
            terms[fold == number]
        )
    return scores, _linear(terms, listed)


def _linear(terms: sparse.csr_array, listed: NDArray[np.int64]) -> Any:
    """scikit-learn takes 32-bit indices only."""
    narrow = terms.indices.astype(np.int32), terms.indptr.astype(np.int32)
    matrix = sparse.csr_matrix((terms.data, *narrow), shape=terms.shape)
    return LogisticRegression(C=4, solver="liblinear", dual=True, tol=0.01, max_iter=100).fit(matrix, listed)


def _common(papers: Sequence[PaperText]) -> tuple[str, ...]:
    counts: dict[str, int] = defaultdict(int)
    for paper in papers:
        for category in paper.categories:
            counts[category] += 1
    return tuple(sorted(counts, key=lambda category: (-counts[category], category))[:CATEGORIES])


def _facts(examples: Sequence[Example], record: Record, categories: Sequence[str]) -> Floats:
    return np.array(
        [[*record.features(example.paper, example.day), *_plain(example, categories)] for example in examples],
        dtype=np.float64,
    )


def _plain(example: Example, categories: Sequence[str]) -> Iterator[float]:
    paper, text = example.paper, f"{example.paper.abstract} {example.paper.comment}"
    yield from (category in paper.categories for category in categories)
    yield from (category == paper.primary_category for category in categories)
    yield from (len(paper.title), len(paper.abstract), len(paper.comment), len(paper.categories))
    yield from (":" in paper.title, "github" in text.casefold(), LINK.search(paper.abstract) is not None)
    yield from (LINK.search(paper.comment) is not None, VENUE.search(paper.comment) is not None)
    yield from (RELEASE.search(text) is not None, "project" in paper.comment.casefold(), example.day.weekday())
