"""What the parts of a score count: set at the desk in versions, of which each edition names its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from django.db import transaction

from digest.models import Edition, EditionState, RankingWeights
from digest.ranking import WEIGHTS, Weights

# What a reader's authors count is in the reader's own row, not in an edition's numbers.
SETTABLE = tuple(field.name for field in fields(Weights) if field.name != "author")


def of(edition: Edition) -> Weights:
    """What an edition is ranked by. A weight that its row does not name is the one this release ships."""
    return from_values(edition.weights.values) if edition.weights else WEIGHTS


def in_use() -> RankingWeights | None:
    """None where nobody ever set any: then those hold that this release ships."""
    return RankingWeights.objects.order_by("pk").last()


def newest() -> Weights:
    """What editions are built by from now on."""
    row = in_use()
    return from_values(row.values) if row else WEIGHTS


def from_values(values: Mapping[str, Any]) -> Weights:
    known = {name: float(values[name]) for name in SETTABLE if name in values}
    return Weights(**{**asdict(WEIGHTS), **known})


def use(weights: Weights, user: Any) -> RankingWeights:
    """A new version, which open editions are ranked by at once. Published ones keep theirs."""
    values = {name: getattr(weights, name) for name in SETTABLE}
    with transaction.atomic():
        row = RankingWeights.objects.create(values=values, set_by=user)
        Edition.objects.filter(state=EditionState.OPEN).update(weights=row)
    return row
