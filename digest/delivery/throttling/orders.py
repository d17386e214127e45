"""Takes limits and the domains of messages; gives what a store is asked, and what its answer means for each message."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from digest.delivery.throttling.counting import GOES, Order, Verdict
from digest.delivery.throttling.limits import Limit, Limits
from digest.delivery.throttling.windows import HORIZON, Counter, counter, moment


class Wait(NamedTuple):
    """When a message may be tried again, and why not now. `is_for_all` says that every other message waits as well."""

    until: datetime
    reason: str
    is_for_all: bool


class Request:
    """Messages to these domains, in order, who want to go now. `order` is what a store understands."""

    def __init__(self, limits: Limits, domains: Sequence[str], now: datetime) -> None:
        self.day = local_day(limits, now)
        self.limits: list[Limit] = []
        self.order = Order([], [], [])
        sending, places = counters_of(limits, limits.sending, now), dict[str, int]()
        groups: dict[str, int] = {}
        for domain in domains:
            if domain not in groups:
                groups[domain] = len(groups)
                counters = in_order(sending + counters_of(limits, limits.only_to(domain), now))
                self.order.groups.append([self._place(limit, each, places) for limit, each in counters])
            self.order.messages.append(groups[domain])

    def _place(self, limit: Limit, each: Counter, places: dict[str, int]) -> int:
        if each.key not in places:
            places[each.key] = len(self.limits)
            self.limits.append(limit)
            self.order.counters.append(each)
        return places[each.key]

    def waits(self, verdict: Verdict) -> list[Wait | None]:
        """Those that wait for the same limit are promised one place after another in its next windows."""
        ahead: Tally[int] = Tally()
        answers: list[Wait | None] = []
        for place in verdict.blocked:
            if place == GOES:
                answers.append(None)
            else:
                step = self.order.counters[place].step
                answers.append(self._wait(place, verdict.promised[place] + ahead[place] * step))
                ahead[place] += 1
        return answers

    def _wait(self, place: int, promised: float) -> Wait:
        limit, each = self.limits[place], self.order.counters[place]
        windows = int((min(promised - each.ends, HORIZON) + 1e-4) // each.length)  # stores round to microseconds
        until = moment(each.ends + windows * each.length)
        return Wait(until, f"Waits for its turn: {limit.name(self.day)}", is_for_all=not limit.domains)


def counters_of(limits: Limits, wanted: Iterable[Limit], now: datetime) -> list[tuple[Limit, Counter]]:
    """Those that hold now."""
    counters = ((limit, counter(limit, limits.sender, now, limits.zone)) for limit in wanted)
    return [(limit, each) for limit, each in counters if each]


def in_order(counters: list[tuple[Limit, Counter]]) -> list[tuple[Limit, Counter]]:
    """In which there will be room again."""
    return sorted(counters, key=lambda pair: pair[1].ends)


def local_day(limits: Limits, now: datetime) -> date:
    return now.astimezone(limits.zone).date()
