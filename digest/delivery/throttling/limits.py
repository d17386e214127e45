"""Takes the settings that limit sending, as they were typed; gives limits, or what is wrong with them, by name.

SENDING_LIMITS      100/second, 5000/day
DESTINATION_LIMITS  gmail.com googlemail.com: 20/second 2000/hour; *: 50/second
WARM_UP             2026-11-25: 500 1000 2000 5000
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import idna
from django.conf import settings

from subscriptions import addresses

EVERY_OTHER = "*"
_RATE = re.compile(r"(\d{1,12})/(second|minute|hour|day)", re.ASCII)


class Unit(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class WarmUp:
    """So many messages on the first day, on the second, and so on."""

    first: date
    steps: tuple[int, ...]

    @property
    def last(self) -> date:
        return self.first + timedelta(days=len(self.steps) - 1)

    def number(self, day: date) -> int:
        """Of the day in the plan: 1 on the first, less before it."""
        return (day - self.first).days + 1

    def on(self, day: date) -> int | None:
        """Before the first day as on it; None after the last one."""
        return None if day > self.last else self.steps[max(self.number(day), 1) - 1]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many messages a unit, to these domains together; without domains, of everything that is sent.

    `count` is None where only a warm-up plan limits the day.
    """

    count: int | None
    unit: Unit
    domains: tuple[str, ...] = ()
    warm_up: WarmUp | None = None

    @property
    def key(self) -> str:
        """What is counted: the same whatever the number allowed, which may be changed at any time."""
        return f"{f'to {self.domains[0]}' if self.domains else 'all'} a {self.unit}"

    def quota(self, day: date) -> int | None:
        """How many on this day; None for any number."""
        counts = [self.count, self.warm_up.on(day) if self.warm_up else None]
        return min((count for count in counts if count is not None), default=None)

    def name(self, day: date) -> str:
        """As an operator reads it: "20/second to gmail.com, googlemail.com"."""
        quota, destination = self.quota(day), f" to {', '.join(self.domains)}" if self.domains else ""
        is_warming = self.warm_up is not None and quota is not None and quota == self.warm_up.on(day)
        return f"{quota}/{self.unit}{destination}{' while the address warms up' if is_warming else ''}"


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of one deployment. `sender` is the domain it sends as: others on the same Redis count their own."""

    sending: tuple[Limit, ...]
    destinations: Mapping[str, tuple[Limit, ...]]  # by domain; those under "*" are for each other domain by itself
    sender: str
    zone: ZoneInfo

    def __bool__(self) -> bool:
        return bool(self.sending or self.destinations)

    def to(self, domain: str) -> tuple[Limit, ...]:
        """Every limit that a message to this domain is under."""
        return self.sending + self.only_to(domain)

    def only_to(self, domain: str) -> tuple[Limit, ...]:
        own = self.destinations.get(domain)
        if own is None:
            own = tuple(replace(limit, domains=(domain,)) for limit in self.destinations.get(EVERY_OTHER, ()))
        return own

    @property
    def warm_up(self) -> WarmUp | None:
        return next((limit.warm_up for limit in self.sending if limit.warm_up), None)

    @property
    def named(self) -> list[Limit]:
        """Every limit that stands in the settings by itself: all but those for each other domain."""
        own = [limits for domain, limits in self.destinations.items() if domain != EVERY_OTHER]
        return [*self.sending, *dict.fromkeys(limit for limits in own for limit in limits)]


def configured() -> Limits:
    """Raises ValueError for a mistake, which a system check has told at start."""
    return _read(
        settings.SENDING_LIMITS,
        settings.DESTINATION_LIMITS,
        settings.WARM_UP,
        addresses.sender_domain(),
        settings.TIME_ZONE,
    )


@lru_cache(maxsize=8)
def _read(sending: str, destinations: str, warm_up: str, sender: str, zone: str) -> Limits:
    return Limits(read_sending(sending, read_warm_up(warm_up)), read_destinations(destinations), sender, ZoneInfo(zone))


def read_sending(text: str, warm_up: WarmUp | None = None) -> tuple[Limit, ...]:
    counts: dict[Unit, int | None] = dict(_rates(text)) if text.strip() else {}
    if warm_up is not None:
        counts.setdefault(Unit.DAY, None)
    days = {Unit.DAY: warm_up}
    return tuple(Limit(counts[unit], unit, warm_up=days.get(unit)) for unit in Unit if unit in counts)


def read_destinations(text: str) -> dict[str, tuple[Limit, ...]]:
    limits: dict[str, tuple[Limit, ...]] = {}
    for group in filter(None, (part.strip() for part in text.split(";"))):
        names, colon, rates = group.partition(":")
        if not colon or not _words(names):
            raise ValueError(f"{group!r} is not domains, a colon and rates, as in gmail.com: 20/second")
        domains = tuple(dict.fromkeys(_domain(name) for name in _words(names)))
        if EVERY_OTHER in domains and len(domains) > 1:
            raise ValueError(f"* stands for each other domain and needs a group of its own, not {names.strip()!r}")
        counts = _rates(rates)
        own = tuple(Limit(counts[unit], unit, domains) for unit in Unit if unit in counts)
        for domain in domains:
            if domain in limits:
                raise ValueError(f"{domain} is named twice")
            limits[domain] = own
    return limits


def read_warm_up(text: str) -> WarmUp | None:
    if not text.strip():
        return None
    first, _, rest = text.partition(":")
    try:
        day = date.fromisoformat(first.strip())
    except ValueError:
        raise ValueError(f"{text!r} does not begin with a day and a colon, as in 2026-11-25: 500 1000") from None
    for word in _words(rest):
        if not re.fullmatch(r"[1-9]\d{0,11}", word, re.ASCII):
            raise ValueError(f"{word!r} is not a number of messages a day, 1 at least")
    steps = tuple(int(word) for word in _words(rest))
    if not steps:
        raise ValueError(f"{text!r} gives no numbers of messages a day, as in 2026-11-25: 500 1000")
    return WarmUp(day, steps)


def _rates(text: str) -> dict[Unit, int]:
    counts: dict[Unit, int] = {}
    for word in _words(text):
        match = _RATE.fullmatch(word)
        if match is None:
            raise ValueError(f"{word!r} is not a rate, as in 20/second, 2000/hour or 5000/day")
        count, unit = int(match[1]), Unit(match[2])
        if count < 1:
            raise ValueError(f"{word!r} would never let anything go; stop sending by stopping the workers")
        if unit in counts:
            raise ValueError(f"{text.strip()!r} gives two rates a {unit}")
        counts[unit] = count
    if not counts:
        raise ValueError("a rate is missing, as in 20/second")
    return counts


def _domain(name: str) -> str:
    """As addresses are stored: lower case, ASCII."""
    if name == EVERY_OTHER:
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        raise ValueError(f"{name!r} is not a domain, as in gmail.com") from None


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
