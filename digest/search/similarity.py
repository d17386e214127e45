"""Takes a paper, gives papers that are alike: those that share most of the words that tell most of it."""

from __future__ import annotations

import numpy as np

from digest.ranking import relevance
from digest.search.entries import documents
from digest.search.finding import quorum, rarity
from digest.search.indexing import papers_having
from digest.search.matching import EVERYTHING, Need, newest

LOOKED_UP = 6  # words
SHARED = (3, 2)  # how many of them a paper must have; fewer where that gives too few
CANDIDATES = 200


def similar(paper: int, limit: int = 5) -> list[int]:
    """Ids of papers, the most alike first; none where the paper is not indexed yet."""
    own = list(documents([paper]).values())
    rare = rarity(papers_having({word for each in own for word in each.vocabulary}))
    weights = relevance.feedback(own, np.ones(len(own)), rare)
    terms = [(word,) for word in weights if isinstance(word, str)][:LOOKED_UP]
    ids: set[int] = set()
    for number in SHARED:
        if len(ids) <= limit and number <= len(terms):
            ids |= set(newest(Need(fields=[(EVERYTHING, quorum(terms, number))]), CANDIDATES)) - {paper}
    candidates = documents(ids)
    scores = relevance.weighed(weights, list(candidates.values()))
    newest_first = list(candidates)
    return [newest_first[place] for place in (-scores).argsort(kind="stable")[:limit]]
