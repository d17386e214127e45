"""Takes papers and readers; gives what they were sent of them, by the ledger, without their whole history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from digest.models import Edition, EditionKind, EditionPaper
from digest.models.states import REMEMBERED_STATES
from subscriptions import sql

# A thin digest is filled from the pools of as many days before.
FILLED_DAYS = 7
_SENT = [state.value for state in REMEMBERED_STATES]
_REMEMBERED = """
    SELECT d.subscriber_id, d.edition_id, g.papers
    FROM digest_delivery d JOIN digest_digest g ON g.delivery_id = d.id
    WHERE d.subscriber_id = ANY(%(readers)s) AND d.edition_id = ANY(%(editions)s) AND d.state = ANY(%(states)s)
"""
_RECENTLY = " AND d.claimed_at >= %(since)s"


class Sent(NamedTuple):
    """One digest that a reader was sent: ids as they were then, those named under others too."""

    reader: int
    edition: int
    papers: list[int]


def carriers(papers: Iterable[int]) -> set[int]:
    """The editions that can have brought any of these papers: whose pool it was in, or of the week after, which it
    filled. Two queries.
    """
    holding = EditionPaper.objects.filter(paper__in=list(papers)).values_list("edition", "edition__date")
    dates = dict(holding.distinct())
    days = {date + timedelta(days=day) for date in dates.values() for day in range(1, FILLED_DAYS + 1)}
    filled = Edition.objects.published().filter(kind=EditionKind.DAILY, date__in=days).order_by()
    return dates.keys() | set(filled.values_list("pk", flat=True))


def sent(readers: Sequence[int], editions: Iterable[int], now: datetime) -> list[Sent]:
    """These readers' digests of these editions, within MEMORY_DAYS. One query, however long their history."""
    statement = _REMEMBERED
    values: dict[str, Any] = {"readers": list(readers), "editions": sorted(editions), "states": _SENT}
    if settings.MEMORY_DAYS:
        statement, values = statement + _RECENTLY, {**values, "since": now - timedelta(days=settings.MEMORY_DAYS)}
    return [Sent(reader, edition, json.loads(papers)) for reader, edition, papers in sql.rows(statement, **values)]
