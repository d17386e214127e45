"""Takes topics as they are stored; gives what their papers look like, and how relevant papers are to each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from digest import ranking
from digest.learning.keeping import opened
from digest.models import Paper, RankingModel
from digest.papers import names
from digest.ranking import PaperText, TopicProfile
from digest.ranking.context import Context
from digest.ranking.texts import COLUMNS
from digest.sources import identifiers
from subscriptions.models import Topic
from subscriptions.queries import active_topics

ARXIV = identifiers.ARXIV_SCHEME


def offered(*, with_seeds: bool = False) -> list[TopicProfile]:
    """The topics that readers can choose; one query. Seeds take three more, and only a fit needs them."""
    topics = list(active_topics())
    papers = seed_papers(seed for topic in topics for seed in topic.seeds) if with_seeds else {}
    return [profile(topic, papers) for topic in topics]


def profile(topic: Topic, papers: dict[str, Paper] | None = None) -> TopicProfile:
    """What papers about it look like; `papers` are its seeds, by how the topic names them."""
    known = papers or {}
    return TopicProfile(
        topic.slug,
        topic.categories,
        topic.keywords,
        topic.name,
        topic.description,
        topic.exclusions,
        [ranking.text_of(known[seed]) for seed in topic.seeds if seed in known],
    )


def relevance(
    model: RankingModel | None, papers: Sequence[PaperText], topics: Sequence[TopicProfile]
) -> NDArray[np.float64]:
    """Papers x topics, each in [0, 1]; by what is found alone where the model is absent or cannot be read."""
    context = opened(model, Context.from_bytes) if model else None
    told = context.log_odds(papers, [topic.slug for topic in topics]) if context else None
    return ranking.topic_relevance(papers, topics, told)


def seed_name(text: str) -> str | None:
    """An arXiv id or DOI, or an address with one in it, as topics name their seeds; None for anything else."""
    for scheme in (ARXIV, identifiers.DOI_SCHEME):
        if found := identifiers.names([(scheme, text.strip()[:1000])]):
            return found[0][1]
    return None


def seed_papers(seeds: Iterable[str]) -> dict[str, Paper]:
    """The stored papers that seeds name."""
    wanted = set(seeds)
    keys = {f"{ARXIV}:{seed}": seed for seed in wanted}
    found = {keys[paper.key]: paper for paper in Paper.objects.filter(key__in=keys).only(*COLUMNS, "key")}
    held = names.holders((identifiers.DOI_SCHEME, seed) for seed in wanted - found.keys())
    rows = Paper.objects.only(*COLUMNS).in_bulk(held.values())
    return found | {seed: rows[pk] for (_, seed), pk in held.items() if pk in rows}


def seed_name_of(paper: Paper) -> str | None:
    """How a topic names this paper; None where it has neither arXiv id nor DOI."""
    if paper.key.startswith(f"{ARXIV}:"):
        return paper.key.removeprefix(f"{ARXIV}:")
    return next(
        (value for scheme, value in names.names_of([paper.pk])[paper.pk] if scheme == identifiers.DOI_SCHEME), None
    )
