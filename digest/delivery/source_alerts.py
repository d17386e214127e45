"""Takes sources that fail or are stale for long, and those that work again; tells the operators, once each, by mail.

What they were told is on the source's row, written after the mail has left: a worker that dies in between leaves a
claim, which lapses, and the next tick tells. So nothing is lost; at worst it is told twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse

from digest.delivery import operators, pauses
from digest.ingestion import faults
from digest.ingestion.troubles import Trouble, troubles
from digest.models import Outcome, Source, SourceRun

logger = logging.getLogger(__name__)

# A hiccup is not worth a mail: so many bad visits in a row are, or so much time since the first of them.
LEAST_RUNS = 3
LEAST_TIME = timedelta(hours=24)
# When the network is down, sources fail one after the other, and work again one after the other: what happens within
# this time of the last mail is told together, in the next.
TOGETHER = timedelta(hours=1)
# A worker that claimed sources and is not heard of for so long is dead.
CLAIM = timedelta(minutes=10)
SHOWN = 20


def tell(now: datetime) -> int:
    """Tell of sources in trouble, and of those that recovered; gives how many were told of."""
    found = troubles(now)
    return _tell_of_trouble(found, now) + _tell_of_recovery(found, now)


def _tell_of_trouble(found: Sequence[Trouble], now: datetime) -> int:
    """As soon as one has lasted, all that are in trouble by now are in the same mail."""
    untold = [trouble for trouble in found if not trouble.source.told]
    if not any(_has_lasted(trouble, now) for trouble in untold) or _told_lately(now):
        return 0
    claimed = [trouble for trouble in untold if _claim(trouble.source, now)]
    for trouble in claimed:
        logger.error("%s: %s", trouble.source, " ".join(trouble.last.message.split())[:500])
    what = {trouble.source.pk: str(trouble.outcome) for trouble in claimed}
    if not claimed:
        return 0
    names = [trouble.source.name for trouble in claimed]
    return _settle(what, _subject(names, "brings nothing", "bring nothing"), _troubled(claimed), now)


def _tell_of_recovery(found: Sequence[Trouble], now: datetime) -> int:
    """Once all that were told of work again; or after a while, of those that do."""
    troubled = {trouble.source.pk for trouble in found}
    told = list(Source.objects.exclude(told="").order_by("name"))
    # One that was disabled meanwhile is nobody's trouble any more.
    recovered = [source for source in told if source.pk not in troubled and source.is_enabled]
    Source.objects.filter(pk__in=[source.pk for source in told if not source.is_enabled]).update(told="", told_at=None)
    waits = any(source.pk in troubled for source in told) and _told_lately(now)
    claimed = [source for source in recovered if _claim(source, now)] if not waits else []
    for source in claimed:
        logger.warning("%s works again", source)
    what = {source.pk: "" for source in claimed}
    still = [trouble for trouble in found if trouble.source.told]
    if not claimed:
        return 0
    names = [source.name for source in claimed]
    return _settle(what, _subject(names, "works again", "work again"), _recovered(claimed, still), now)


def _has_lasted(trouble: Trouble, now: datetime) -> bool:
    return trouble.runs >= LEAST_RUNS or now - trouble.since >= LEAST_TIME


def _told_lately(now: datetime) -> bool:
    newest = Source.objects.aggregate(at=Max("told_at"))["at"]
    return newest is not None and newest > now - TOGETHER


def _claim(source: Source, now: datetime) -> bool:
    """Committed before anything leaves, so that of several ticks one tells."""
    free = Q(telling_at=None) | Q(telling_at__lt=now - CLAIM)
    with transaction.atomic(durable=True):
        claimed = Source.objects.filter(free, pk=source.pk, told=source.told).update(telling_at=now)
    return bool(claimed)


def _settle(what: dict[int, str], subject: str, text: str, now: datetime) -> int:
    """Send; then note what was told of each source, or that nothing was. Gives how many were told of."""
    mine = Source.objects.filter(pk__in=what, telling_at=now)
    if settings.ALERT_ADDRESSES and not operators.reach(subject, text):
        mine.update(telling_at=None)
        return 0
    for told in set(what.values()):
        of_them = [pk for pk, value in what.items() if value == told]
        mine.filter(pk__in=of_them).update(told=told, told_at=now, telling_at=None)
    return len(what)


# The words


def _subject(names: Sequence[str], does: str, do: str) -> str:
    return f"{names[0]} and {len(names) - 1} more {do}" if len(names) > 1 else f"{names[0]} {does}"


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
