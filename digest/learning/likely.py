"""Takes papers; gives how likely a community is to list those that it did not list yet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from digest.learning import corpus
from digest.learning.keeping import opened
from digest.models import Paper, RankingModel
from digest.ranking import text_of
from digest.ranking.prediction import Prediction
from digest.ranking.record import Example
from digest.ranking.texts import COLUMNS

DIGITS = 4


def likely_to_be_listed(
    model: RankingModel, papers: Collection[int], now: datetime, known: dict[int, float]
) -> dict[int, float] | None:
    """By paper's id, in [0, 1]; of what is listed, or has no category, nothing is told. `known` are earlier answers of
    the same model. None where it cannot be read.
    """
    asked = set(papers) - corpus.listed(papers, now)
    found = {paper: known[paper] for paper in asked if paper in known}
    fresh = asked - found.keys()
    prediction = opened(model, Prediction.from_bytes)
    if prediction is None:
        return None
    rows = Paper.objects.filter(pk__in=fresh).only(*COLUMNS, "published_at", "first_seen_at").order_by("pk")
    examples = {paper.pk: Example(text_of(paper), corpus.first_day(paper)) for paper in rows if paper.categories}
    told = prediction.probabilities(list(examples.values())).round(DIGITS).tolist()
    return found | dict(zip(examples, told, strict=True))
