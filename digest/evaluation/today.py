"""Takes what the four tasks ask; gives what the product's ranking answers today, with no model of text or of readers.

- interests: the trend from votes, all papers being of one age; the profile is not used.
- topics: the topics' shares, each topic known by the words of its name alone.
- search: the share of one topic whose keywords are the query's words.
- trend: the general order of papers without votes, which is how much they belong to the topics on offer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeVar

import numpy as np

from digest import ranking
from digest.evaluation.streams import Candidate, Paper, VotedPaper
from digest.evaluation.tasks import Again, Scores
from digest.ranking import PaperText, TopicProfile

BATCH = 1000
# Shorter words of a query say how it is built (of, the, can), not what it is about.
SHORTEST_WORD = 4
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Today:
    """The product as it is. `offered` are the topics that readers can choose."""

    offered: Sequence[TopicProfile]

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper]) -> Scores:
        latest = [(paper.upvotes, paper.comments, paper.stars) for paper in candidates]
        return ranking.trends(latest, np.zeros_like(latest), np.zeros(len(candidates)))

    def topics(self, background: Again, names: Sequence[str], papers: Iterable[Paper]) -> Scores:
        named = [TopicProfile(slug=name, keywords=words_of_name(name)) for name in names]
        batches = [ranking.topic_shares(_texts(batch), named) for batch in _batches(papers, BATCH)]
        return np.concatenate([np.empty((0, len(named))), *batches])

    def search(self, query: str, candidates: Sequence[Candidate]) -> Scores:
        asked = TopicProfile(slug="query", keywords=words_of_query(query))
        texts = [PaperText(candidate.title, candidate.abstract) for candidate in candidates]
        shares: Scores = ranking.topic_shares(texts, [asked])[:, 0]
        return shares

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


def words_of_query(query: str) -> list[str]:
    """The query's words of SHORTEST_WORD letters or more, and any two neighbours of which one is that long."""
    words = re.findall(r"[^\W_]+", query)
    pairs = [f"{one} {other}" for one, other in pairwise(words) if max(len(one), len(other)) >= SHORTEST_WORD]
    return [word for word in words if len(word) >= SHORTEST_WORD] + pairs


def _texts(papers: Iterable[Paper]) -> list[PaperText]:
    return [
        PaperText(paper.title, paper.abstract, paper.categories, paper.categories[0] if paper.categories else "")
        for paper in papers
    ]


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
