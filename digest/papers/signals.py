"""Papers and a counter's value in, their signals of the day out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from digest.models import Signal, SignalKind


def observe(paper_ids: Iterable[int], kind: SignalKind, value: int, now: datetime) -> None:
    """One reading a paper and day (UTC); a later one of the same day replaces it."""
    Signal.objects.bulk_create(
        [Signal(paper_id=paper_id, kind=kind, value=value, observed_on=now.date()) for paper_id in paper_ids],
        update_conflicts=True,
        unique_fields=["paper", "kind", "observed_on"],
        update_fields=["value"],
    )
