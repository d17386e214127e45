"""Takes sources that fail or are stale for long, and those that work again; tells the operators, once each, by mail.

A source that fails with its host, while that is paused, is the host's trouble: see `host_alerts`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from digest.delivery import pauses, telling
from digest.ingestion import faults, manners
from digest.ingestion.troubles import Trouble, troubles
from digest.models import Host, Outcome, Source, SourceRun

logger = logging.getLogger(__name__)

# A hiccup is not worth a mail: so many bad visits in a row are, or so much time since the first of them.
LEAST_RUNS = 3
LEAST_TIME = timedelta(hours=24)
SHOWN = 20


def tell(now: datetime) -> int:
    """Tell of sources in trouble, and of those that recovered; gives how many were told of."""
    found = troubles(now)
    return _tell_of_trouble(found, now) + _tell_of_recovery(found, now)


def _tell_of_trouble(found: Sequence[Trouble], now: datetime) -> int:
    """As soon as one has lasted, all that are in trouble by now are in the same mail."""
    untold = _own([trouble for trouble in found if not trouble.source.told], now)
    if not any(_has_lasted(trouble, now) for trouble in untold) or telling.lately(now):
        return 0
    claimed = [trouble for trouble in untold if telling.claim(trouble.source, now)]
    for trouble in claimed:
        logger.error("%s: %s", trouble.source, " ".join(trouble.last.message.split())[:500])
    what = {trouble.source.pk: str(trouble.outcome) for trouble in claimed}
    if not claimed:
        return 0
    subject = telling.subject([trouble.source.name for trouble in claimed], "brings nothing", "bring nothing")
    return telling.settle(Source, what, subject, _troubled(claimed), now)


def _tell_of_recovery(found: Sequence[Trouble], now: datetime) -> int:
    """Once all that were told of work again; or after a while, of those that do."""
    troubled = {trouble.source.pk for trouble in found}
    told = list(Source.objects.exclude(told="").order_by("name"))
    # One that was disabled meanwhile is nobody's trouble any more.
    recovered = [source for source in told if source.pk not in troubled and source.is_enabled]
    Source.objects.filter(pk__in=[source.pk for source in told if not source.is_enabled]).update(told="", told_at=None)
    waits = any(source.pk in troubled for source in told) and telling.lately(now)
    claimed = [source for source in recovered if telling.claim(source, now)] if not waits else []
    for source in claimed:
        logger.warning("%s works again", source)
    what = {source.pk: "" for source in claimed}
    still = [trouble for trouble in found if trouble.source.told]
    if not claimed:
        return 0
    subject = telling.subject([source.name for source in claimed], "works again", "work again")
    return telling.settle(Source, what, subject, _recovered(claimed, still), now)


def _own(found: Sequence[Trouble], now: datetime) -> list[Trouble]:
    """Without those whose host is paused, and at fault each time."""
    paused = set(Host.objects.paused(now).values_list("name", flat=True)) if found else set()
    return [trouble for trouble in found if not (trouble.of_host and manners.gate_of_url(trouble.source.url) in paused)]


def _has_lasted(trouble: Trouble, now: datetime) -> bool:
    return trouble.runs >= LEAST_RUNS or now - trouble.since >= LEAST_TIME


# The words


def _troubled(found: Sequence[Trouble]) -> str:
    lines = ["\n".join(_lines(trouble)) for trouble in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"And {len(found) - SHOWN} more sources.")
    if len(found) > 1 and len(found) == Source.objects.filter(is_enabled=True).count():
        lines.insert(0, "No source works: this machine's network or DNS may be down.")
    return "\n\n".join((*lines, _ending()))


def _lines(trouble: Trouble) -> list[str]:
    times = f"{trouble.runs} visit{'' if trouble.runs == 1 else 's'}"
    since = pauses.moment(trouble.since)
    if trouble.outcome == Outcome.STALE:
        lines = [
            f"{trouble.source.name}: nothing new, which is unusual, since {since} ({times}).",
            trouble.last.message,
        ]
    else:
        lines = [f"{trouble.source.name}: failing since {since} ({times})."]
        lines += [faults.remedy(trouble.last.fault), f"What was said: {trouble.last.message}"]
    brought = f"It last brought something new at {pauses.moment(trouble.news_at)}." if trouble.news_at else ""
    return [*filter(None, (*lines, brought)), f"It is visited again by itself, {_next(trouble.source)}."]


def _next(source: Source) -> str:
    return f"next at {pauses.moment(source.next_check_at)}" if source.next_check_at else "with the next tick"


def _recovered(sources: Sequence[Source], still: Sequence[Trouble]) -> str:
    newest = SourceRun.objects.filter(source__in=sources).order_by().values("source").annotate(newest=Max("pk"))
    runs = {run.source_id: run for run in SourceRun.objects.filter(pk__in=newest.values("newest"))}
    lines = [f"{source.name} works again{_brought(runs.get(source.pk))}." for source in sources[:SHOWN]]
    if len(sources) > SHOWN:
        lines.append(f"And {len(sources) - SHOWN} more sources.")
    if still:
        lines.append(f"Still in trouble: {', '.join(trouble.source.name for trouble in still[:SHOWN])}.")
    return "\n\n".join((*lines, _ending()))


def _brought(run: SourceRun | None) -> str:
    return f", since {pauses.moment(run.started_at)}: {run.new:,} new papers" if run else ""


def _ending() -> str:
    return f"See how the sources are doing:\n{settings.SITE_URL}{reverse('admin:digest_source_account')}\n"
