"""Reads that several edges share: what trends, what the community thinks of it, which editions there are."""

from datetime import datetime, timedelta

from django.db.models import F, Max, Q

from digest.models import Edition, EditionKind, Paper, SignalKind
from digest.models.edition import EditionQuerySet

TRENDING_DAYS = 14


def trending_papers(now: datetime, limit: int = 30) -> list[Paper]:
    """The best voted papers of the last two weeks that brought any, with their `signals`; the newest among equals."""
    newest = Paper.objects.showable().filter(first_seen_at__lte=now).aggregate(at=Max("first_seen_at"))["at"]
    if newest is None:
        return []
    recent = Paper.objects.showable().filter(first_seen_at__range=(newest - timedelta(days=TRENDING_DAYS), now))
    votes = Max("signals__value", filter=Q(signals__kind=SignalKind.UPVOTES))
    order = (F("votes").desc(nulls_last=True), F("published_at").desc(nulls_last=True), "-id")
    return list(recent.annotate(votes=votes).order_by(*order).prefetch_related("signals")[:limit])


def published_editions() -> EditionQuerySet:
    """What anyone may read, newest first."""
    return Edition.objects.published().order_by("-date", "kind")


def newest_daily() -> Edition | None:
    return Edition.objects.newest(EditionKind.DAILY)
