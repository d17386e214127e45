"""Sources in, when each is visited next out, in words: at its own time, or when its host is no longer paused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timeuntil

from digest.ingestion import manners
from digest.models import Host, Source

MINUTE = timedelta(minutes=1)


def pauses(now: datetime) -> dict[str, datetime]:
    """Until when each host is left alone. One that is being tried just now is not among them. One query."""
    return dict(Host.objects.shut(now).filter(holder=None).values_list("name", "next_turn_at"))


def words(source: Source, paused: Mapping[str, datetime], now: datetime) -> str:
    due = source.next_check_at or now
    if not source.is_enabled:
        return "Disabled"
    if until := held_up(source, paused, due):
        return until
    return "Visited within a minute" if due - now < MINUTE else f"Next visit in {timeuntil(due, now)}"


def held_up(source: Source, paused: Mapping[str, datetime], due: datetime) -> str:
    """`Waits for arxiv.org, paused until 1 December, 10:18 UTC`; empty where its host is not in the way by then."""
    gate = manners.gate_of_url(source.url)
    until = paused.get(gate)
    if not until or until <= due:
        return ""
    return f"Waits for {gate}, paused until {timezone.localtime(until):%-d %B, %H:%M %Z}"
