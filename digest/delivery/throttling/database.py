"""Keeps counts in the database: a row a limit, locked in the order of their keys for one short transaction a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from digest.delivery.throttling import counting
from digest.delivery.throttling.counting import LEASE, Order, State, Verdict
from digest.delivery.throttling.windows import Counter
from digest.models import ConnectionLease, Throttle

Answer = TypeVar("Answer")


class DatabaseStore:
    """Raises what the database raises: without it nothing is sent anyway."""

    def take(self, order: Order, now: float) -> Verdict:
        keys = [counter.key for counter in order.counters]

        def count(states: Mapping[str, State]) -> Verdict:
            verdict, after = counting.take(order, [states[key] for key in keys], now)
            _store(dict(zip(keys, after, strict=True)))
            return verdict

        return _locked(keys, count)

    def give_back(self, numbers: Sequence[tuple[Counter, int]]) -> None:
        def subtract(states: Mapping[str, State]) -> None:
            _store({each.key: counting.after_giving_back(states[each.key], each, number) for each, number in numbers})

        _locked([counter.key for counter, _ in numbers], subtract)

    def states(self, keys: Sequence[str]) -> list[State]:
        states = {row.key: _state(row) for row in Throttle.objects.filter(key__in=keys)}
        return [states.get(key, State()) for key in keys]

    def connections(self, key: str, run: UUID, wanted: int, cap: int, now: float) -> int:
        """The key's row is only there to be waited for."""
        return _locked([key], lambda _: _lease(run, wanted, cap, now))

    def connections_used(self, key: str, now: float) -> int:
        living = ConnectionLease.objects.filter(until__gt=now)
        return living.aggregate(used=Sum("connections"))["used"] or 0


def _lease(run: UUID, wanted: int, cap: int, now: float) -> int:
    ConnectionLease.objects.filter(until__lte=now).delete()
    leases = {lease.run: (lease.connections, lease.until) for lease in ConnectionLease.objects.all()}
    number = counting.granted(leases, run, wanted, cap, now)
    if number:
        ConnectionLease.objects.update_or_create(run=run, defaults={"connections": number, "until": now + LEASE})
    else:
        ConnectionLease.objects.filter(run=run).delete()
    return number


def _locked(keys: Sequence[str], work: Callable[[Mapping[str, State]], Answer]) -> Answer:
    """Do the work while nobody else can look at these rows.

    Rows that are missing are made in a statement of its own: whoever waits for another's new row holds no lock.
    """
    wanted = sorted(set(keys))
    while True:
        with transaction.atomic():
            rows = Throttle.objects.filter(key__in=wanted).order_by("key").select_for_update()
            states = {row.key: _state(row) for row in rows}
            if len(states) == len(wanted):
                return work(states)
        Throttle.objects.bulk_create([Throttle(key=key) for key in wanted if key not in states], ignore_conflicts=True)


def _store(states: Mapping[str, State]) -> None:
    """One statement for all of them."""
    rows = [Throttle(key=key, **state._asdict()) for key, state in sorted(states.items())]
    Throttle.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields=["window", "used", "promised"]
    )


def _state(row: Throttle) -> State:
    return State(row.window, row.used, row.promised)
