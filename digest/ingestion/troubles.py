"""A moment in, the sources that are in trouble then out: failing or stale since their last good visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery

from digest.ingestion.faults import OF_HOST
from digest.ingestion.habits import BROUGHT
from digest.models import Fault, Outcome, Source, SourceRun

BAD = (Outcome.FAILED, Outcome.STALE)
GOOD = (Outcome.FRESH, Outcome.QUIET, Outcome.HOLIDAY)
# A source that brought nothing for so long is not missed by readers.
MISSED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`since` is the first of `runs` bad visits in a row, `last` the newest; at `news_at` it last brought something.

    `of_host` says that all of them failed through its host, which works for nobody: is it paused, that is the trouble.
    """

    source: Source
    since: datetime
    runs: int
    last: SourceRun
    news_at: datetime | None
    of_host: bool

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.last.outcome)


def troubles(now: datetime, sources: QuerySet[Source] | None = None) -> list[Trouble]:
    """Of the enabled sources, or of these, in the order of their names. Four queries at most."""
    concerned = Source.objects.filter(is_enabled=True) if sources is None else sources
    streaks = {row["source"]: row for row in _streaks(concerned, now)}
    if not streaks:
        return []
    runs = SourceRun.objects.in_bulk([row["newest"] for row in streaks.values()])
    news = _news(list(streaks), now)
    return [
        Trouble(source, row["since"], row["runs"], runs[row["newest"]], news.get(source.pk), not row["own"])
        for source in concerned.filter(pk__in=streaks).order_by("name")
        for row in [streaks[source.pk]]
    ]


def _streaks(sources: QuerySet[Source], now: datetime) -> Sequence[Any]:
    """Bad visits after the last good one. A visit that our own worker's end cut short says nothing of the source."""
    ended = SourceRun.objects.filter(started_at__lte=now)
    good = ended.filter(source=OuterRef("source"), outcome__in=GOOD).order_by("-started_at").values("started_at")[:1]
    bad = ended.filter(source__in=sources, outcome__in=BAD).exclude(fault=Fault.ENDED)
    own = Count("pk", filter=~Q(fault__in=OF_HOST))
    return list(
        bad.annotate(good_at=Subquery(good))
        .filter(Q(good_at=None) | Q(started_at__gt=F("good_at")))
        .order_by()
        .values("source")
        .annotate(since=Min("started_at"), runs=Count("pk"), newest=Max("pk"), own=own)
    )


def _news(source_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """When each last brought something, within the time that readers would miss it."""
    runs = SourceRun.objects.filter(BROUGHT, source__in=source_ids, started_at__range=(now - MISSED, now))
    return dict(runs.order_by().values_list("source").annotate(Max("started_at")))
