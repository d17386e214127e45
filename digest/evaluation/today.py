"""Takes what the four tasks ask; gives what the product's ranking answers.

- interests: `ranking.fitting.taste`, fitted on what was listed before the quarter of the year began. No digest uses it.
- topics: the relevance that digests use, with `ranking.fitting.context`, of topics that have nothing but a name.
- search: the relevance by which the site's search puts its candidates in order.
- trend: `ranking.fitting.prediction`, which no digest uses yet; where there was nothing to learn from, how relevant
  papers are to that of the topics on offer which they are most about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from digest import ranking
from digest.evaluation.streams import Candidate, Paper, VotedPaper
from digest.evaluation.tasks import Past, Scores
from digest.ranking import TopicProfile
from digest.ranking.fitting import context as contexts
from digest.ranking.fitting import prediction
from digest.ranking.fitting.taste import TasteModel
from digest.ranking.prediction import Prediction
from digest.ranking.record import Example, Listing
from digest.ranking.relevance import Rarity, document, rarity, relevance
from digest.ranking.words import words


@dataclass(slots=True)
class Today:
    """The product as it is. `offered` are the topics that readers can choose."""

    offered: Sequence[TopicProfile]
    taste: TasteModel | None = None
    taste_of: date = date.min
    predictor: Prediction | None = None
    rarity: Rarity | None = None

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper], past: Past) -> Scores:
        parts = self._taste(past).parts([paper.text for paper in profile], [paper.text for paper in candidates])
        return sum(parts.values(), start=np.zeros(len(candidates)))

    def _taste(self, past: Past) -> TasteModel:
        quarter = past.day.replace(month=(past.day.month - 1) // 3 * 3 + 1, day=1)
        if self.taste is None or quarter != self.taste_of:
            self.taste = TasteModel.fitted(paper.content.text for paper in past.listed() if paper.day < quarter)
            self.taste_of = quarter
        return self.taste

    def topics(self, names: Sequence[str], papers: Iterable[Paper], past: Past) -> Scores:
        topics = [TopicProfile(name, name=name) for name in names]
        context = contexts.fitted((paper.text for paper in past.papers()), topics)
        texts = [paper.text for paper in papers]
        return ranking.topic_relevance(texts, topics, context.log_odds(texts, names))

    def search(self, query: str, candidates: Sequence[Candidate], past: Past) -> Scores:
        if self.rarity is None:
            self.rarity = _rarity_in(past.papers())
        documents = [document(candidate.title, (), candidate.abstract) for candidate in candidates]
        return relevance(words(query), documents, self.rarity)

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]], past: Past) -> None:
        examples = [Example(paper.text, paper.day, listed) for paper, listed in training()]
        listings = [Listing(paper.content.text, paper.day) for paper in past.listed()]
        self.predictor = prediction.fitted(examples, listings)

    def trend(self, papers: Sequence[Paper]) -> Scores:
        if self.predictor:
            return self.predictor.probabilities([Example(paper.text, paper.day) for paper in papers])
        shares = ranking.topic_relevance([paper.text for paper in papers], self.offered)
        nothing = np.zeros(len(papers))
        slugs = [topic.slug for topic in self.offered]
        return ranking.table(slugs, shares, nothing, nothing, nothing).general_scores().astype(np.float64)


def _rarity_in(papers: Iterable[Paper]) -> Rarity:
    """How many of the papers have each word."""
    having: Counter[str] = Counter()
    count = 0
    for paper in papers:
        count += 1
        having.update(document(paper.text.title, paper.text.authors, paper.text.abstract).vocabulary)
    return rarity(count, having)
