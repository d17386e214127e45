"""Takes what the four tasks ask; gives what the product's ranking answers today, with no model of text or of readers.

- interests: the trend from votes, all papers being of one age; the profile is not used.
- topics: the topics' relevance, each topic known by the words of its name alone.
- search: the relevance to one topic whose keywords are the query's words.
- trend: the general order of papers without votes: how relevant they are to that of the topics on offer which they
  are most about.
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
        votes = [(paper.upvotes, paper.comments, 0) for paper in candidates]
        fields = [paper.text.primary_category for paper in candidates]
        return ranking.trends(votes, votes, np.zeros(len(candidates)), fields)

    def topics(self, background: Again, names: Sequence[str], papers: Iterable[Paper]) -> Scores:
        named = [TopicProfile(slug=name, keywords=words_of_name(name)) for name in names]
        batches = [ranking.topic_relevance([paper.text for paper in batch], named) for batch in _batches(papers, BATCH)]
        return np.concatenate([np.empty((0, len(named))), *batches])

    def search(self, query: str, candidates: Sequence[Candidate]) -> Scores:
        asked = TopicProfile(slug="query", keywords=words_of_query(query))
        texts = [PaperText(candidate.title, candidate.abstract) for candidate in candidates]
        relevance: Scores = ranking.topic_relevance(texts, [asked])[:, 0]
        return relevance

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]]) -> None:
        """Nothing is learned: no part of today's ranking is fitted to data."""

    def trend(self, papers: Sequence[Paper]) -> Scores:
        relevance = ranking.topic_relevance([paper.text for paper in papers], self.offered)
        nothing = np.zeros(len(papers))
        slugs = [topic.slug for topic in self.offered]
        return ranking.table(slugs, relevance, nothing, nothing, nothing).general_scores().astype(np.float64)


def words_of_name(name: str) -> list[str]:
    """The terms that a category's name joins by commas and `and`, as in Computer Vision, Pattern Recognition."""
    return [term for term in re.split(r",\s*(?:and\s+)?|\s+and\s+", name) if term]


def words_of_query(query: str) -> list[str]:
    """The query's words of SHORTEST_WORD letters or more, and any two neighbours of which one is that long."""
    words = re.findall(r"[^\W_]+", query)
    pairs = [f"{one} {other}" for one, other in pairwise(words) if max(len(one), len(other)) >= SHORTEST_WORD]
    return [word for word in words if len(word) >= SHORTEST_WORD] + pairs


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
