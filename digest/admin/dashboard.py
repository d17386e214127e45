"""The desk's front page: the edition to work on, what is being sent and how fast, how sources and readers are doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from digest.admin import hosts, limits
from digest.admin.deliveries import state_chip
from digest.admin.display import ago
from digest.admin.run_chart import outcome_chip
from digest.delivery import pauses
from digest.delivery.pauses import Kind
from digest.models import (
    Decision,
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Outcome,
    Paper,
    Source,
    SourceRun,
)
from subscriptions.models import SignupRequest, SignupState, Subscriber, SubscriberStatus

RECENT_EDITIONS = 6
# Whom it concerns that mail does not go out.
SEE_SENDING = ["digest.change_edition", "digest.view_delivery", "digest.view_breaker"]
# Of the destinations that are paused at the moment; a big provider's trouble shows in many domains.
DESTINATIONS_SHOWN = 5


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the start page shows, each part only to those who may see its rows. A constant number of queries."""
    now = timezone.now()
    user = request.user
    parts: dict[str, Any] = {"now": now, "title": "Front desk"}
    if user.has_perm("digest.view_edition") or user.has_perm("digest.change_edition"):
        parts["editions"] = _editions(now)
        parts["new_papers"] = Paper.objects.canonical().filter(first_seen_at__gt=now - timedelta(days=1)).count()
    if user.has_perm("digest.view_delivery"):
        parts["sending"] = in_progress()
    if any(user.has_perm(name) for name in SEE_SENDING):
        parts |= paused()
        parts["limits"] = limits.panel(now)
    if user.has_perm("digest.view_source"):
        parts["sources"] = source_health(now)
        parts["paused_hosts"] = hosts.panel(now)
    if user.has_perm("subscriptions.view_subscriber"):
        parts["readers"] = reader_counts(now)
    return {**context, **parts}


def with_counts(editions: QuerySet[Edition]) -> QuerySet[Edition]:
    """Editions with the size of their pool and the editors' decisions in it."""
    return editions.annotate(
        pool=Count("entries"),
        pinned=Count("entries", filter=Q(entries__decision=Decision.PINNED)),
        hidden=Count("entries", filter=Q(entries__decision=Decision.HIDDEN)),
        blurbs=Count("entries", filter=~Q(entries__blurb="")),
    )


def on_desk() -> Edition | None:
    """The edition to work on: the open one that goes out first, else the newest."""
    editions = with_counts(Edition.objects.all())
    return (
        editions.filter(state=EditionState.OPEN).order_by("publish_at").first()
        or editions.order_by("-publish_at", "-pk").first()
    )


def delivery_counts(edition_ids: list[int]) -> dict[int, list[tuple[str, int]]]:
    """How many deliveries of each edition are in which state, in the states' own order."""
    rows = (
        Delivery.objects.filter(edition_id__in=edition_ids, state__in=DeliveryState.values)  # the index begins with it
        .order_by()
        .values_list("edition_id", "state")
        .annotate(rows=Count("pk"))
    )
    found: dict[int, dict[str, int]] = {edition_id: {} for edition_id in edition_ids}
    for edition_id, state, count in rows:
        found[edition_id][state] = count
    return {
        edition_id: [(state, counts[state]) for state in DeliveryState.values if state in counts]
        for edition_id, counts in found.items()
    }


def in_progress() -> list[tuple[Any, int]]:
    """Rows that have not come to an end, by state."""
    waiting = Delivery.objects.filter(state__in=[DeliveryState.QUEUED, DeliveryState.CLAIMED])
    counts = waiting.order_by().values_list("state").annotate(rows=Count("pk"))
    return [(state_chip(state), count) for state, count in sorted(counts)]


def paused() -> dict[str, Any]:
    """What is not sending, and how many more destinations there are. Two queries at most."""
    found = pauses.current()
    destinations = [pause for pause in found if pause.kind is Kind.DESTINATION]
    hidden = destinations[DESTINATIONS_SHOWN:]
    return {"pauses": [pause for pause in found if pause not in hidden], "more_pauses": len(hidden)}


def source_health(now: datetime) -> list[dict[str, Any]]:
    """Every source with how its newest visit ended, those in trouble first. Two queries."""
    newest = SourceRun.objects.filter(source__isnull=False).order_by().values("source").annotate(newest=Max("pk"))
    runs = {run.source_id: run for run in SourceRun.objects.filter(pk__in=newest.values("newest"))}
    sources = sorted(Source.objects.all(), key=_trouble_first(runs))
    return [_health(source, runs.get(source.pk), now) for source in sources]


def reader_counts(now: datetime) -> dict[str, int]:
    week = now - timedelta(days=7)
    counts = Subscriber.objects.aggregate(
        active=Count("pk", filter=Q(status=SubscriberStatus.ACTIVE)),
        joined=Count("pk", filter=Q(confirmed_at__gt=week, status=SubscriberStatus.ACTIVE)),
        left=Count("pk", filter=Q(unsubscribed_at__gt=week)),
    )
    return {**counts, "unconfirmed": SignupRequest.objects.filter(state=SignupState.OPEN, expires_at__gt=now).count()}


def _editions(now: datetime) -> dict[str, Any]:
    recent = list(with_counts(Edition.objects.published()).order_by("-publish_at")[:RECENT_EDITIONS])
    waiting = list(with_counts(Edition.objects.filter(state=EditionState.OPEN)).order_by("publish_at"))
    counts = delivery_counts([edition.pk for edition in recent])
    chips = {pk: [(state_chip(state), count) for state, count in pairs] for pk, pairs in counts.items()}
    return {
        "open": waiting,
        "late": [edition.pk for edition in waiting if edition.publish_at <= now],
        "recent": [(edition, chips[edition.pk]) for edition in recent],
    }


def _health(source: Source, run: SourceRun | None, now: datetime) -> dict[str, Any]:
    chip = outcome_chip(run.outcome if run else None, visited=run is not None)
    return {"source": source, "run": run, "chip": chip, "said": _said(source, run, now)}


def _said(source: Source, run: SourceRun | None, now: datetime) -> str:
    """What its newest visit brought, or why it failed, and when that was."""
    if not source.is_enabled:
        return "Disabled"
    if run is None:
        return "Waiting for its first visit"
    if not run.outcome:
        return f"Begun {ago(run.started_at, now)}"
    brought = f"{run.new:,} new of {run.received:,}"
    return f"{run.get_fault_display() if run.fault else brought}, {ago(run.started_at, now)}"


def _trouble_first(runs: Mapping[int | None, SourceRun]) -> Callable[[Source], tuple[bool, bool, str]]:
    def key(source: Source) -> tuple[bool, bool, str]:
        run = runs.get(source.pk)
        in_trouble = run is not None and run.outcome in (Outcome.FAILED, Outcome.STALE)
        return (not source.is_enabled, not in_trouble, source.name)

    return key
