"""Takes papers' text and categories and what topics look like; gives how relevant each paper is to each topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from digest.ranking.taxonomy import named_so
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
# What a paper in which nothing was found is believed to be, before its other words are heard.
LEAST_BELIEF = 0.02

# A full stop stays a token of its own, so that no phrase is found across the end of a sentence.
TOKEN = re.compile(r"[^\W_]+|[.;:!?]")
PARTS_OF_NAME = re.compile(r",|\band\b")
Phrases = dict[str, list[tuple[tuple[str, ...], int, int]]]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TopicProfile:
    """What papers about a topic look like. Keywords are plain words and phrases; case and plural do not matter.

    A topic without keywords is found by its name, and one without categories, too, that is named as arXiv names
    categories, by these. `exclusions` are categories, words and phrases: a paper that has one of them is not about the
    topic. `seeds` are papers that are.
    """

    slug: str
    categories: Sequence[str] = ()
    keywords: Sequence[str] = ()
    name: str = ""
    description: str = ""
    exclusions: Sequence[str] = ()
    seeds: Sequence[PaperText] = field(default=(), repr=False)

    @property
    def all_categories(self) -> frozenset[str]:
        return frozenset(self.categories) or (frozenset() if self.keywords else named_so(self.name))

    @property
    def all_keywords(self) -> Sequence[str]:
        return self.keywords or [self.name, *PARTS_OF_NAME.split(self.name)]


@dataclass(frozen=True, slots=True)
class Findings:
    """Papers x topics: how sure each kind of finding makes it that a paper is about a topic, in [0, 1]; whether the
    topic excludes it.
    """

    by_category: Shares
    by_keyword: Shares
    is_excluded: NDArray[np.bool_]

    @property
    def belief(self) -> Shares:
        return 1 - (1 - self.by_category) * (1 - self.by_keyword)

    def of(self, papers: NDArray[np.intp]) -> Findings:
        """Those of some of the papers."""
        return Findings(self.by_category[papers], self.by_keyword[papers], self.is_excluded[papers])


def topic_relevance(
    papers: Sequence[PaperText], topics: Sequence[TopicProfile], context: Shares | None = None
) -> Shares:
    """Papers x topics, each in [0, 1], whatever other topics there are.

    `context` is what the papers' other words say, as `ranking.context` tells it: it is added to the log odds of what
    was found, and where it is not a number, what was found is all there is.
    """
    return joined(findings(papers, topics), context)


def joined(found: Findings, context: Shares | None) -> Shares:
    """Relevance by what was found and what the other words say."""
    belief = found.belief
    if context is not None:
        shares = np.clip(belief, LEAST_BELIEF, 1 - LEAST_BELIEF)
        heard = 1 / (1 + np.exp(-np.clip(np.log(shares / (1 - shares)) + context, -30, 30)))
        belief = np.where(np.isnan(context), belief, heard)
    return np.where(found.is_excluded, 0.0, belief)


def findings(papers: Sequence[PaperText], topics: Sequence[TopicProfile]) -> Findings:
    """Findings are independent pieces of evidence, joined to a belief by noisy-or (Pearl, Probabilistic Reasoning in
    Intelligent Systems, 1988, section 4.3.2): 1 - product of (1 - evidence). A keyword counts in the title, and up to
    MENTIONS times in the abstract.
    """
    shape = len(papers), len(topics)
    without_category, without_keyword, excluded = np.ones(shape), np.ones(shape), np.zeros(shape, dtype=bool)
    categories = _by_category(topics)
    phrases = _by_first_word([topic.all_keywords for topic in topics])
    unwanted = _by_first_word([topic.exclusions for topic in topics])
    elsewhere = [(number, category) for number, topic in enumerate(topics) for category in topic.exclusions]
    for row, paper in enumerate(papers):
        for category in {paper.primary_category, *paper.categories}:
            strength = PRIMARY_CATEGORY if category == paper.primary_category else CROSS_LIST
            for topic, says in categories.get(category, ()):
                without_category[row, topic] *= 1 - strength * says
        title, abstract = tokens(paper.title), tokens(paper.abstract)
        for topic, evidence in _of_keywords(title, abstract, phrases):
            without_keyword[row, topic] *= 1 - evidence
        for topic, _ in (*_found(title, unwanted), *_found(abstract, unwanted)):
            excluded[row, topic] = True
        for topic, category in elsewhere:
            if category in paper.categories:
                excluded[row, topic] = True
    return Findings(1 - without_category, 1 - without_keyword, excluded)


def _of_keywords(title: Sequence[str], abstract: Sequence[str], phrases: Phrases) -> Iterator[tuple[int, float]]:
    for topic in {topic for topic, _ in _found(title, phrases)}:
        yield topic, KEYWORD_IN_TITLE
    for (topic, _), mentions in Counter(_found(abstract, phrases)).items():
        yield topic, 1 - (1 - KEYWORD_IN_ABSTRACT) ** min(mentions, MENTIONS)


def _found(words: Sequence[str], phrases: Phrases) -> Iterator[tuple[int, int]]:
    """The (topic, keyword) numbers of the phrases in a text."""
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
        categories = topic.all_categories
        for category in categories:
            is_wide = category in WIDE_CATEGORIES and len(categories) > 1
            named.setdefault(category, []).append((number, WIDE if is_wide else 1.0))
    return named


def _by_first_word(wanted: Sequence[Sequence[str]]) -> Phrases:
    """Keywords under their first word: a text is then read once, however many keywords there are."""
    phrases: Phrases = {}
    for number, keywords in enumerate(wanted):
        for keyword, phrase in enumerate(_distinct(keywords)):
            phrases.setdefault(phrase[0], []).append((phrase, number, keyword))
    return phrases


def _distinct(keywords: Iterable[str]) -> list[tuple[str, ...]]:
    """Keywords as words, each once: `robot` and `Robots` are the same evidence."""
    return [phrase for phrase in dict.fromkeys(tuple(tokens(keyword)) for keyword in keywords) if phrase]
