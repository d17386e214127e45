"""Takes the limits on sending; gives what the front desk shows: how much of each is used, and the warm-up’s day."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from digest.admin.display import plural
from digest.delivery import throttling
from digest.delivery.throttling import StoreUnavailable, Usage
from digest.delivery.throttling.limits import EVERY_OTHER, Limit, Limits, Unit, configured

SHARED = {Unit.SECOND: "a second", Unit.MINUTE: "a minute", Unit.HOUR: "an hour", Unit.DAY: "a day"}


class Line(NamedTuple):
    """One limit. `used` says how much of it is; empty where there is no one number, or none is known."""

    rate: str
    used: str = ""
    is_used_up: bool = False


class Group(NamedTuple):
    """The limits of one destination, or of everything."""

    what: str
    lines: list[Line]


class Panel(NamedTuple):
    """`trouble` says why nothing can be counted; then nothing goes out either."""

    warm_up: str
    groups: list[Group]
    trouble: str = ""


def panel(now: datetime) -> Panel | None:
    """None where no limits are set. Two queries or questions to Redis at most."""
    limits = configured()
    if not limits and not settings.SENDING_CONNECTIONS:
        return None
    day = now.astimezone(limits.zone).date()
    try:
        usages = {usage.limit: usage for usage in throttling.used(now)}
        connections = throttling.connections_used(now) if settings.SENDING_CONNECTIONS else None
    except StoreUnavailable as error:
        return Panel(warm_up(limits, day), _groups(limits, day, {}, None), str(error))
    return Panel(warm_up(limits, day), _groups(limits, day, usages, connections))


def warm_up(limits: Limits, day: date) -> str:
    """What day of the warm-up it is; empty without one."""
    plan = limits.warm_up
    if plan is None:
        return ""
    number, days = plan.number(day), len(plan.steps)
    if number < 1:
        return f"The warm-up begins on {_named(plan.first)}. Until then its first day’s number holds."
    if number > days:
        return f"The warm-up is over: {_named(plan.last)} was its last day."
    today = plural(plan.steps[number - 1], "message")
    following = f"{plan.steps[number]:,} tomorrow" if number < days else "its last day"
    return f"Day {number} of {days} of the warm-up: it allows {today} today, {following}."


def _groups(limits: Limits, day: date, usages: dict[Limit, Usage], connections: int | None) -> list[Group]:
    groups: dict[str, Group] = {}
    for limit in limits.named:
        what = ", ".join(limit.domains) or "All mail"
        if limit.quota(day) is not None:
            groups.setdefault(what, Group(what, [])).lines.append(_line(limit, day, usages.get(limit)))
    others = [Line(_rate(limit, day)) for limit in limits.destinations.get(EVERY_OTHER, ())]
    found = [*groups.values(), Group("Each other domain, by itself", others)]
    if cap := settings.SENDING_CONNECTIONS:
        in_use = "" if connections is None else f"{connections:,} in use"
        found.append(Group("Connections", [Line(f"{cap:,} at a time", in_use)]))
    return [group for group in found if group.lines]


def _line(limit: Limit, day: date, usage: Usage | None) -> Line:
    """A second is over before anyone has read what was used of it."""
    if usage is None or limit.unit is Unit.SECOND:
        return Line(_rate(limit, day))
    if usage.used < usage.allowed:
        return Line(_rate(limit, day), f"{usage.used:,} used, {usage.allowed - usage.used:,} left")
    return Line(_rate(limit, day), f"used up until {timezone.localtime(usage.until):%H:%M}", is_used_up=True)


def _rate(limit: Limit, day: date) -> str:
    return f"{limit.quota(day):,} {SHARED[limit.unit]}"


def _named(day: date) -> str:
    return date_format(day, "j F Y")
