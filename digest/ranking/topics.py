"""Takes papers' text and categories and what topics look like; gives how much of each paper belongs to each topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# The evidence each finding brings, as the probability that it alone would make the paper belong to the topic.
PRIMARY_CATEGORY = 0.5
CROSS_LIST = 0.25
KEYWORD_IN_TITLE = 0.4
KEYWORD_IN_ABSTRACT = 0.15
MENTIONS = 3

# A full stop stays a token of its own, so that no phrase is found across the end of a sentence.
TOKEN = re.compile(r"[^\W_]+|[.;:!?]")
Phrases = dict[str, list[tuple[tuple[str, ...], int, int]]]


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper is judged by. Categories are arXiv's, as in `cs.RO`; the primary one may be listed again."""

    title: str
    abstract: str = ""
    categories: Sequence[str] = ()
    primary_category: str = ""


@dataclass(frozen=True, slots=True)
class TopicProfile:
    """What papers about a topic look like. Keywords are plain words and phrases; case and plural do not matter."""

    slug: str
    categories: Sequence[str] = ()
    keywords: Sequence[str] = ()


def topic_shares(papers: Sequence[PaperText], topics: Sequence[TopicProfile]) -> NDArray[np.float64]:
    """Papers x topics, each share in [0, 1], each row summing to at most 1.

    Findings are independent pieces of evidence, joined to a belief by noisy-or (Pearl, Probabilistic Reasoning in
    Intelligent Systems, 1988, section 4.3.2): 1 - product of (1 - evidence). A category that several topics name says
    as much less for each. A keyword counts in the title, and up to MENTIONS times in the abstract.

    The paper is then divided among its topics by the square of belief, b**2 / max(largest b, sum of b**2): one topic
    alone gets its belief, equals share equally, and a word in passing gives way to what the paper is about.
    """
    doubt = np.ones((len(papers), len(topics)))
    categories = _by_category(topics)
    phrases = _by_first_word(topics)
    for row, paper in enumerate(papers):
        for topic, evidence in _evidence(paper, categories, phrases):
            doubt[row, topic] *= 1 - evidence
    belief = 1 - doubt
    weight = belief**2
    whole = np.maximum(weight.sum(axis=1), belief.max(axis=1, initial=0.0))[:, None]
    shares: NDArray[np.float64] = np.divide(weight, whole, out=weight, where=whole > 0)
    return shares


def _evidence(
    paper: PaperText, categories: Mapping[str, Sequence[int]], phrases: Phrases
) -> Iterator[tuple[int, float]]:
    for category in {paper.primary_category, *paper.categories}:
        strength = PRIMARY_CATEGORY if category == paper.primary_category else CROSS_LIST
        named_by = categories.get(category, ())
        yield from ((topic, strength / len(named_by)) for topic in named_by)
    for topic, _ in set(_found(paper.title, phrases)):
        yield topic, KEYWORD_IN_TITLE
    for (topic, _), mentions in Counter(_found(paper.abstract, phrases)).items():
        yield topic, 1 - (1 - KEYWORD_IN_ABSTRACT) ** min(mentions, MENTIONS)


def _found(text: str, phrases: Phrases) -> Iterator[tuple[int, int]]:
    """The (topic, keyword) numbers of the phrases in a text."""
    words = _words(text)
    for place, word in enumerate(words):
        for phrase, topic, keyword in phrases.get(word, ()):
            if len(phrase) == 1 or tuple(words[place : place + len(phrase)]) == phrase:
                yield topic, keyword


def _words(text: str) -> list[str]:
    return [_singular(token) for token in TOKEN.findall(text.casefold())]


@lru_cache(maxsize=65536)
def _singular(word: str) -> str:
    """The word without its plural ending, by the first rules of Harman's S stemmer (JASIS 42(1), 1991)."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes")) else word[:-1]


def _by_category(topics: Sequence[TopicProfile]) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for number, topic in enumerate(topics):
        for category in set(topic.categories):
            numbers.setdefault(category, []).append(number)
    return numbers


def _by_first_word(topics: Sequence[TopicProfile]) -> Phrases:
    """Keywords under their first word: a text is then read once, however many keywords there are."""
    phrases: Phrases = {}
    for number, topic in enumerate(topics):
        for keyword, phrase in enumerate(_distinct(topic.keywords)):
            phrases.setdefault(phrase[0], []).append((phrase, number, keyword))
    return phrases


def _distinct(keywords: Iterable[str]) -> list[tuple[str, ...]]:
    """Keywords as words, each once: `robot` and `Robots` are the same evidence."""
    return [phrase for phrase in dict.fromkeys(tuple(_words(keyword)) for keyword in keywords) if phrase]
