"""Takes an edition and its candidates; gives them with how likely each is to trend, by the model it is to name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digest import learning
from digest.editions.pool import Candidate
from digest.models import Edition, ModelKind, RankingModel

Predicted = tuple[RankingModel | None, Sequence[Candidate]]


def predicted(edition: Edition, candidates: Sequence[Candidate], now: datetime) -> Predicted:
    """What the same model told of a paper when the edition was built before is not asked again."""
    model = learning.current(ModelKind.PREDICTION)
    if model is None:
        return None, candidates
    known: dict[int, float] = {}
    if edition.prediction_id == model.pk:
        known.update(edition.entries.filter(prediction__gt=0).values_list("paper", "prediction"))
    told = learning.likely_to_be_listed(model, [each.paper_id for each in candidates], now, known)
    if told is None:
        return None, candidates
    return model, [replace(each, prediction=told.get(each.paper_id, 0.0)) for each in candidates]
