"""Takes what the four tasks ask; gives what the product's ranking answers today, with no model of text or of readers.

- interests: the trend from votes, all papers being of one age; the profile is not used.
- topics: the topics' shares, each topic known by the words of its name alone.
- search: the relevance by which the site's search puts its candidates in order.
- trend: the general order of papers without votes, which is how much they belong to the topics on offer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import numpy as np

from digest import ranking
from digest.evaluation.streams import Candidate, Paper, VotedPaper
from digest.evaluation.tasks import Again, Scores
from digest.ranking import PaperText, TopicProfile
from digest.ranking.relevance import Rarity, document, rarity, relevance
from digest.ranking.words import words

BATCH = 1000
Item = TypeVar("Item")


@dataclass(slots=True)
class Today:
    """The product as it is. `offered` are the topics that readers can choose."""

    offered: Sequence[TopicProfile]
    rarity: Rarity = field(default=rarity(0, {}), init=False)

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper]) -> Scores:
        latest = [(paper.upvotes, paper.comments, paper.stars) for paper in candidates]
        return ranking.trends(latest, np.zeros_like(latest), np.zeros(len(candidates)))

    def topics(self, background: Again, names: Sequence[str], papers: Iterable[Paper]) -> Scores:
        named = [TopicProfile(slug=name, keywords=words_of_name(name)) for name in names]
        batches = [ranking.topic_shares(_texts(batch), named) for batch in _batches(papers, BATCH)]
        return np.concatenate([np.empty((0, len(named))), *batches])

    def learn_words(self, background: Again) -> None:
        having: Counter[str] = Counter()
        papers = 0
        for paper in background():
            papers += 1
            found = document(paper.title, paper.authors, paper.abstract)
            having.update(found.vocabulary)
        self.rarity = rarity(papers, having)

    def search(self, query: str, candidates: Sequence[Candidate]) -> Scores:
        documents = [document(candidate.title, (), candidate.abstract) for candidate in candidates]
        return relevance(words(query), documents, self.rarity)

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]]) -> None:
        """Nothing is learned: no part of today's ranking is fitted to data."""

    def trend(self, papers: Sequence[Paper]) -> Scores:
        shares = ranking.topic_shares(_texts(papers), self.offered)
        nothing = np.zeros(len(papers))
        slugs = [topic.slug for topic in self.offered]
        return ranking.table(slugs, shares, nothing, nothing, nothing).general_scores().astype(np.float64)


def words_of_name(name: str) -> list[str]:
    """The terms that a category's name joins by commas and `and`, as in Computer Vision, Pattern Recognition."""
    return [term for term in re.split(r",\s*(?:and\s+)?|\s+and\s+", name) if term]


def _texts(papers: Iterable[Paper]) -> list[PaperText]:
    return [
        PaperText(paper.title, paper.abstract, paper.categories, paper.categories[0] if paper.categories else "")
        for paper in papers
    ]


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
