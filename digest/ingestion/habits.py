"""A source's own runs in, how often it usually brings something out: what is quiet for far longer is not just quiet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Q

from digest.models import Source, SourceRun
from digest.sources import ADAPTERS

MEMORY = timedelta(days=60)
# Fewer days with news than this are no habit yet.
LEAST_DAYS = 5
# Far longer: so many times as long as usual, and half as long again as it ever was; but a short silence is no news.
TIMES, LONGER, LEAST_SILENCE = 3, 1.5, 3
BROUGHT = Q(new__gt=0) | Q(listed__gt=0)


def silence(source: Source, now: datetime) -> str:
    """In words how long it has been silent, where that is far longer than its habit; else nothing. One query."""
    zone = zone_of(source)
    runs = SourceRun.objects.filter(BROUGHT, source=source, started_at__gt=now - MEMORY, started_at__lt=now)
    days = sorted({moment.astimezone(zone).date() for moment in runs.values_list("started_at", flat=True)})
    today = now.astimezone(zone).date()
    if not is_unusual(days, today, rests_of(source)):
        return ""
    usual = median((later - earlier).days for earlier, later in pairwise(days))
    return f"nothing new for {(today - days[-1]).days} days; usually {rhythm(usual)}"


def is_unusual(days: Sequence[date], today: date, rests: Callable[[date], bool]) -> bool:
    """Whether the time since the last of the days is far longer than between any two; days of rest do not count."""
    if len(days) < LEAST_DAYS or today <= days[-1]:
        return False
    gaps = [working_days(earlier, later, rests) for earlier, later in pairwise(days)]
    return working_days(days[-1], today, rests) > max(TIMES * median(gaps), LONGER * max(gaps), LEAST_SILENCE)


def working_days(since: date, until: date, rests: Callable[[date], bool]) -> int:
    """How many of the days after `since`, up to and with `until`, may bring something."""
    days = (since + timedelta(days=number) for number in range(1, (until - since).days + 1))
    return sum(not rests(day) for day in days)


def rhythm(days: float) -> str:
    """`every day`, `every week`, `every 3 days`."""
    number = round(days)
    return {0: "every day", 1: "every day", 7: "every week"}.get(number, f"every {number} days")


def rests_today(source: Source, now: datetime) -> bool:
    return rests_of(source)(now.astimezone(zone_of(source)).date())


def rests_of(source: Source) -> Callable[[date], bool]:
    adapter = ADAPTERS.get(source.kind)
    return adapter.rests if adapter else lambda day: False


def zone_of(source: Source) -> ZoneInfo:
    adapter = ADAPTERS.get(source.kind)
    return ZoneInfo(adapter.time_zone if adapter else "UTC")
