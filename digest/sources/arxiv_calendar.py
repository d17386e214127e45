"""When arXiv announces: a day in, whether its feeds have anything new out; a submission in, the day of its feed out.

All days are Eastern. From Sunday to Thursday what was submitted until 14:00 is announced at 20:00, and is in the feeds
of the day that begins four hours later; Friday's waits for Sunday evening.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14)
DAY = timedelta(days=1)
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
# Days of rest beside the weekends, as https://info.arxiv.org/help/availability.html lists them ("On deferred
# mailings"); December 2025, which it left open, as the days that no paper was announced on.
LISTED = {
    2023: ("01-16", "06-14", "06-19", "07-04", "09-04", "11-23", "12-25", "12-27"),
    2025: ("01-01", "01-20", "06-19", "07-04", "09-01", "11-27", "12-25", "12-30"),
    2026: ("01-01", "01-19", "06-19", "07-03", "09-07", "11-26", "12-25", "12-29", "12-31"),
}


def rests(day: date) -> bool:
    """Whether the feeds of this day have nothing new: nothing was announced on the evening before."""
    return not announces(day - DAY)


def announces(evening: date) -> bool:
    return evening.weekday() not in (FRIDAY, SATURDAY) and evening not in deferred(evening.year)


def feed_day(submitted_at: datetime) -> date:
    """The day whose feeds have a paper that was submitted then, if no moderator keeps it longer."""
    there = submitted_at.astimezone(EASTERN)
    day = there.date() if there.time() < DEADLINE else there.date() + DAY
    while day.weekday() in (SATURDAY, SUNDAY) or not announces(evening_of(day)):
        day += DAY
    return evening_of(day) + DAY


def evening_of(day: date) -> date:
    """When that is announced whose deadline is on this working day."""
    return day + 2 * DAY if day.weekday() == FRIDAY else day


@cache
def deferred(year: int) -> frozenset[date]:
    """Evenings without an announcement that usually have one. A holiday's own, or Sunday's if it is on a Friday."""
    listed = [date.fromisoformat(f"{year}-{day}") for day in LISTED.get(year, ())] or list(usual(year))
    return frozenset(evening_of(day) for day in listed)


def usual(year: int) -> Iterator[date]:
    """The rule behind the lists, for years without one: federal holidays that arXiv keeps, and the time between the
    years, of which it takes another day or two each time."""
    fixed = (date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 12, 25))
    yield from (observed(day) for day in fixed)
    yield nth(year, 1, 0, 3)  # Martin Luther King's birthday
    yield nth(year, 9, 0, 1)  # Labor Day
    yield nth(year, 11, 3, 4)  # Thanksgiving
    yield from (date(year, 12, day) for day in range(27, 32))


def observed(day: date) -> date:
    """A holiday on a Saturday is kept on Friday, one on a Sunday on Monday."""
    return day + {SATURDAY: -DAY, SUNDAY: DAY}.get(day.weekday(), timedelta())


def nth(year: int, month: int, weekday: int, number: int) -> date:
    """The first, second, ... Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
