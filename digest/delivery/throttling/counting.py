"""Takes counters, what was counted so far and the messages that want to go; gives who may: what both stores do.

The script in redis.py does the same inside Redis; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from digest.delivery.throttling.windows import HORIZON, Counter
from digest.errors import DeliveryError

# A window that begins later than this from now was written by a clock that has been set back since.
AHEAD = 60
# How long a run keeps its connections without saying that it still lives.
LEASE = 60.0
GOES = -1


class Order(NamedTuple):
    """What is asked of a store in one call: each message belongs to a group, each group is under some counters.

    A group names its counters by their places, those whose windows end last at the end.
    """

    counters: list[Counter]
    groups: list[list[int]]
    messages: list[int]


class State(NamedTuple):
    """What a store keeps of one limit: `used` in the window, and up to when the windows to come are promised."""

    window: float = 0.0
    used: int = 0
    promised: float = 0.0


class Verdict(NamedTuple):
    """For each message GOES, or the place of the counter it waits for; for each counter, where its promises begin."""

    blocked: list[int]
    promised: list[float]


class Store(Protocol):
    """Where counts are kept for all workers. Every call is one round trip, and nothing comes between its parts."""

    def take(self, order: Order, now: float) -> Verdict: ...

    def give_back(self, numbers: Sequence[tuple[Counter, int]]) -> None:
        """Take so many off these counters, unless their window is over."""

    def states(self, keys: Sequence[str]) -> list[State]: ...

    def connections(self, key: str, run: UUID, wanted: int, cap: int, now: float) -> int:
        """How many of the wanted connections the run has from now on, for LEASE seconds."""

    def connections_used(self, key: str, now: float) -> int: ...


class StoreUnavailable(DeliveryError):
    """The counts cannot be reached."""


def take(order: Order, states: Sequence[State], now: float) -> tuple[Verdict, list[State]]:
    """Also gives the states as they are afterwards."""
    current = [_current(state, counter, now) for state, counter in zip(states, order.counters, strict=True)]
    used = [state.used for state in current]
    blocked = [_count(order, group, used) for group in order.messages]
    begins = [
        min(max(state.promised, counter.ends), counter.ends + HORIZON)
        for state, counter in zip(current, order.counters, strict=True)
    ]
    after = [
        State(state.window, used[place], begins[place] + blocked.count(place) * order.counters[place].step)
        for place, state in enumerate(current)
    ]
    return Verdict(blocked, begins), after


def _count(order: Order, group: int, used: list[int]) -> int:
    """A message is counted under all its counters, or none: gives the last one that is full."""
    places = order.groups[group]
    full = [place for place in places if used[place] >= order.counters[place].quota]
    if full:
        return full[-1]
    for place in places:
        used[place] += 1
    return GOES


def _current(state: State, counter: Counter, now: float) -> State:
    """The state of this window. One that another worker, whose clock is ahead, has begun already is kept."""
    if counter.begins <= state.window <= now + AHEAD:
        return state
    return State(counter.begins, 0, state.promised)


def after_giving_back(state: State, counter: Counter, number: int) -> State:
    return state._replace(used=max(0, state.used - number)) if state.window == counter.begins else state


def granted(leases: Mapping[UUID, tuple[int, float]], run: UUID, wanted: int, cap: int, now: float) -> int:
    """`leases` are the connections of each run, and until when it has them."""
    others = sum(number for other, (number, until) in leases.items() if other != run and until > now)
    return max(0, min(wanted, cap - others))
