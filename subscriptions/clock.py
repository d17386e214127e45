"""Takes a reader's hour, weekday and time zone, gives the next moment a digest is due, in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from subscriptions.models import Frequency, Weekday


class Schedule(Protocol):
    """What a slot depends on: both a `Subscriber` and `Preferences` have it."""

    @property
    def frequency(self) -> str: ...
    @property
    def delivery_hour(self) -> int: ...
    @property
    def delivery_weekday(self) -> int: ...
    @property
    def time_zone(self) -> str: ...


def next_slot(schedule: Schedule, after: datetime) -> datetime:
    """The first slot strictly later than `after` (aware), in UTC.

    An hour that the clocks skip is served when they have sprung forward; an hour that comes twice is served the first
    time (PEP 495, fold=0).
    """
    zone = zone_named(schedule.time_zone)
    today = after.astimezone(zone).date()
    for days in range(9):  # a week, and a day on each side for what the time zone shifts
        day = today + timedelta(days=days)
        if _is_delivery_day(schedule, day):
            slot = datetime.combine(day, time(schedule.delivery_hour), tzinfo=zone).astimezone(UTC)
            if slot > after:
                return slot
    raise AssertionError(f"no slot within nine days for {schedule!r}")


def rhythm(schedule: Schedule) -> str:
    """The schedule in words: "every Monday at 7:00 (Europe/Berlin)"."""
    match schedule.frequency:
        case Frequency.WEEKLY:
            days = f"every {Weekday(schedule.delivery_weekday).label}"
        case Frequency.WEEKDAYS:
            days = "from Monday to Friday"
        case _:
            days = "every day"
    return f"{days} at {schedule.delivery_hour}:00 ({schedule.time_zone.replace('_', ' ')})"


def zone_named(name: str) -> ZoneInfo:
    """The time zone, or UTC where the machine's database no longer knows it: a digest at an odd hour beats none."""
    return ZoneInfo(name if name in known_zones() else "UTC")


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every zone name a reader may have, aliases included: browsers still report "Asia/Calcutta"."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _is_delivery_day(schedule: Schedule, day: date) -> bool:
    match schedule.frequency:
        case Frequency.WEEKLY:
            return day.weekday() == schedule.delivery_weekday
        case Frequency.WEEKDAYS:
            return day.weekday() < 5
        case _:
            return True
