"""Takes papers' text and categories and what topics look like; gives how relevant each paper is to each topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.ranking.texts import PaperText
from digest.ranking.words import singular

# The evidence each finding brings, as the probability that it alone would make the paper belong to the topic.
PRIMARY_CATEGORY = 0.5
CROSS_LIST = 0.25
# Categories of every kind of paper (cs.CV stands on half of those that a community lists, cs.AI on two fifths): they
# say this much less, except of a topic that names nothing else.
WIDE_CATEGORIES = frozenset({"cs.AI", "cs.CL", "cs.CV", "cs.LG", "stat.ML"})
WIDE = 0.4
KEYWORD_IN_TITLE = 0.4
KEYWORD_IN_ABSTRACT = 0.15
MENTIONS = 3

# A full stop stays a token of its own, so that no phrase is found across the end of a sentence.
TOKEN = re.compile(r"[^\W_]+|[.;:!?]")
Phrases = dict[str, list[tuple[tuple[str, ...], int, int]]]


@dataclass(frozen=True, slots=True)
class TopicProfile:
    """What papers about a topic look like. Keywords are plain words and phrases; case and plural do not matter."""

    slug: str
    categories: Sequence[str] = ()
    keywords: Sequence[str] = ()


def topic_relevance(papers: Sequence[PaperText], topics: Sequence[TopicProfile]) -> NDArray[np.float64]:
    """Papers x topics, each in [0, 1], whatever other topics there are.

    Findings are independent pieces of evidence, joined to a belief by noisy-or (Pearl, Probabilistic Reasoning in
    Intelligent Systems, 1988, section 4.3.2): 1 - product of (1 - evidence). A keyword counts in the title, and up to
    MENTIONS times in the abstract.
    """
    doubt = np.ones((len(papers), len(topics)))
    categories = _by_category(topics)
    phrases = _by_first_word(topics)
    for row, paper in enumerate(papers):
        for topic, evidence in _evidence(paper, categories, phrases):
            doubt[row, topic] *= 1 - evidence
    relevance: NDArray[np.float64] = 1 - doubt
    return relevance


def _evidence(
    paper: PaperText, categories: Mapping[str, Sequence[tuple[int, float]]], phrases: Phrases
) -> Iterator[tuple[int, float]]:
    for category in {paper.primary_category, *paper.categories}:
        strength = PRIMARY_CATEGORY if category == paper.primary_category else CROSS_LIST
        yield from ((topic, strength * says) for topic, says in categories.get(category, ()))
    for topic, _ in set(_found(paper.title, phrases)):
        yield topic, KEYWORD_IN_TITLE
    for (topic, _), mentions in Counter(_found(paper.abstract, phrases)).items():
        yield topic, 1 - (1 - KEYWORD_IN_ABSTRACT) ** min(mentions, MENTIONS)


def _found(text: str, phrases: Phrases) -> Iterator[tuple[int, int]]:
    """The (topic, keyword) numbers of the phrases in a text."""
    words = tokens(text)
    for place, word in enumerate(words):
        for phrase, topic, keyword in phrases.get(word, ()):
            if len(phrase) == 1 or tuple(words[place : place + len(phrase)]) == phrase:
                yield topic, keyword


def tokens(text: str) -> list[str]:
    """Words without case and plural; the ends of sentences stay."""
    return [singular(token) for token in TOKEN.findall(text.casefold())]


def _by_category(topics: Sequence[TopicProfile]) -> dict[str, list[tuple[int, float]]]:
    """The topics that name a category, and how much of its evidence counts for each."""
    named: dict[str, list[tuple[int, float]]] = {}
    for number, topic in enumerate(topics):
        categories = set(topic.categories)
        for category in categories:
            is_wide = category in WIDE_CATEGORIES and len(categories) > 1
            named.setdefault(category, []).append((number, WIDE if is_wide else 1.0))
    return named


def _by_first_word(topics: Sequence[TopicProfile]) -> Phrases:
    """Keywords under their first word: a text is then read once, however many keywords there are."""
    phrases: Phrases = {}
    for number, topic in enumerate(topics):
        for keyword, phrase in enumerate(_distinct(topic.keywords)):
            phrases.setdefault(phrase[0], []).append((phrase, number, keyword))
    return phrases


def _distinct(keywords: Iterable[str]) -> list[tuple[str, ...]]:
    """Keywords as words, each once: `robot` and `Robots` are the same evidence."""
    return [phrase for phrase in dict.fromkeys(tuple(tokens(keyword)) for keyword in keywords) if phrase]
