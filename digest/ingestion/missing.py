"""A moment in, one honest line for readers out, where sources that usually bring papers were out of reach or silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from digest.ingestion import faults
from digest.ingestion.troubles import Trouble, troubles
from digest.models import Outcome

NAMES_SHOWN = 4
A_WEEK = 7  # days: the name of a weekday means the last one


def line(now: datetime) -> str:
    """`arXiv cs.LG could not be reached since Monday; its papers will follow.`, or nothing."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for trouble in troubles(now):
        if what := _what(trouble, now):
            groups[what].append(trouble.source.name)
    if not groups:
        return ""
    told = "; ".join(f"{_enumerated(names)} {what}" for what, names in groups.items())
    names = sum(map(len, groups.values()))
    return f"{told}; {'its' if names == 1 else 'their'} papers will follow."


def _what(trouble: Trouble, now: datetime) -> str:
    """What can be said of it; nothing of a source that brings nothing anyway, or brought something today."""
    if trouble.news_at is None:
        return ""
    if trouble.outcome == Outcome.STALE:
        since = _since(trouble.news_at, now)
        return f"sent nothing new {since}" if since else ""
    verb = "reached" if trouble.last.fault in faults.OUT_OF_REACH else "read"
    return f"could not be {verb} {_since(trouble.since, now) or 'when this edition was made'}"


def _since(moment: datetime, now: datetime) -> str:
    """`since Monday`, `since 3 November`; nothing for today."""
    zone = ZoneInfo(settings.TIME_ZONE)
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if day >= today:
        return ""
    return f"since {day:%A}" if (today - day).days < A_WEEK else f"since {day.day} {day:%B}"


def _enumerated(names: Sequence[str]) -> str:
    shown, hidden = list(names[:NAMES_SHOWN]), len(names) - NAMES_SHOWN
    if hidden > 0:
        shown.append(f"{hidden} other source{'' if hidden == 1 else 's'}")
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last
