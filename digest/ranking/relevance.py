"""Takes the words of a search and of papers; gives how well each paper answers it.

BM25F (Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004) over words and, at
half their weight, over pairs of words that stand side by side. docs/ranking.md says what else was tried.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digest.ranking.words import STOP_WORDS, joined, words

TITLE, AUTHORS, ABSTRACT = 12.0, 6.0, 1.0  # what a word counts there
SATURATION = 1.2
LENGTH = 0.75  # how much a long field dilutes a word, from 0 to 1
PAIR = 0.5
MOST_TERMS = 64
FEEDBACK_PAPERS = 5
FEEDBACK_TERMS = 20
SHORTEST_FEEDBACK = 3  # letters

Scores = NDArray[np.float64]
Term = str | tuple[str, str]
Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Document:
    """The words of a paper, as `words` gives them, `joined`: so they are counted ten times as fast as in lists."""

    title: str
    authors: str
    abstract: str

    @property
    def fields(self) -> tuple[str, str, str]:
        return self.title, self.authors, self.abstract

    @property
    def vocabulary(self) -> set[str]:
        return {word for text in self.fields for word in text.split()}


def document(title: str, authors: Sequence[str], abstract: str) -> Document:
    names = joined(word for name in authors for word in words(name))
    return Document(joined(words(title)), names, joined(words(abstract)))


def rarity(papers: int, having: Mapping[str, int]) -> Rarity:
    """How much a word tells, > 0: BM25's inverse document frequency, from how many of the papers have each word."""

    def of(word: str) -> float:
        found = min(having.get(word, 0), papers)
        return math.log1p((papers - found + 0.5) / (found + 0.5))

    return of


def relevance(asked: Sequence[str], documents: Sequence[Document], rarity: Rarity) -> Scores:
    """How well each document answers the words, in their order, >= 0. Stop words count where there are no others.

    What has only a share of the words keeps that share of its score.
    """
    looked_for = terms(asked, rarity)
    if not looked_for or not documents:
        return np.zeros(len(documents))
    frequencies = _frequencies(looked_for, documents)
    are_words = np.array([isinstance(term, str) for term in looked_for])
    shares: Scores = (frequencies[:, are_words] > 0).mean(axis=1)
    return shares * _sums(frequencies, looked_for)


def terms(asked: Sequence[str], rarity: Rarity) -> dict[Term, float]:
    """What is looked for and how much each tells: the words that are no stop words, and their pairs."""
    some = asked[:MOST_TERMS]
    told = [word for word in some if word not in STOP_WORDS] or some
    found: dict[Term, float] = {word: times * rarity(word) for word, times in Counter(told).items()}
    for one, other in pairwise(some):
        if one in found and other in found:
            found[one, other] = PAIR * min(rarity(one), rarity(other))
    return found


def weighed(terms: Mapping[Term, float], documents: Sequence[Document]) -> Scores:
    """The sum over the terms of weight x saturated frequency, for each document."""
    if not terms or not documents:
        return np.zeros(len(documents))
    return _sums(_frequencies(terms, documents), terms)


def feedback(documents: Sequence[Document], scores: Scores, rarity: Rarity) -> dict[Term, float]:
    """The words that tell most of the best documents, after RM3 (Abdul-Jaleel et al., TREC 2004), summing to 1."""
    best = np.argsort(-scores, kind="stable")[:FEEDBACK_PAPERS]
    total = float(scores[best].sum()) or 1.0
    found: defaultdict[str, float] = defaultdict(float)
    for number in best:
        for word, share in _shares(documents[number]):
            found[word] += share * rarity(word) * float(scores[number]) / total
    chosen = sorted(found.items(), key=lambda each: (-each[1], each[0]))[:FEEDBACK_TERMS]
    whole = sum(weight for _, weight in chosen) or 1.0
    return {word: weight / whole for word, weight in chosen}


def _sums(frequencies: Scores, terms: Mapping[Term, float]) -> Scores:
    saturated = frequencies * (SATURATION + 1) / (SATURATION + frequencies)
    sums: Scores = saturated @ np.array(list(terms.values()))
    return sums


def _frequencies(terms: Mapping[Term, float], documents: Sequence[Document]) -> Scores:
    """Documents x terms: how often each stands there, by what it counts in which field and how long that is."""
    frequencies = np.zeros((len(documents), len(terms)))
    fields = zip(*(each.fields for each in documents), strict=True)
    between_spaces = [joined([term] if isinstance(term, str) else term) for term in terms]
    for weight, texts in zip((TITLE, AUTHORS, ABSTRACT), fields, strict=True):
        counts = np.array([[text.count(each) for each in between_spaces] for text in texts])
        lengths = np.array([text.count(" ") - 1 for text in texts], dtype=np.float64)
        dilution = 1 - LENGTH + LENGTH * lengths / max(lengths.mean(), 1.0)
        frequencies += weight * counts / dilution[:, None]
    return frequencies


def _shares(document: Document) -> Iterator[tuple[str, float]]:
    counts: defaultdict[str, float] = defaultdict(float)
    for weight, text in ((TITLE, document.title), (ABSTRACT, document.abstract)):
        for word in text.split():
            counts[word] += weight
    whole = sum(counts.values())
    for word, count in counts.items():
        if len(word) >= SHORTEST_FEEDBACK and word not in STOP_WORDS:
            yield word, count / whole
