"""Takes what a reader wants, gives the rows that follow from it. How people become readers is in `signups`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from subscriptions import sql
from subscriptions.clock import next_slot
from subscriptions.consent import Origin
from subscriptions.departures import suppress, suppress_all, unsubscribe, unsubscribe_all, unsuppress
from subscriptions.models import Subscriber, SubscriberStatus, Topic

__all__ = [
    "Origin",
    "Preferences",
    "advance_slots",
    "apply_preferences",
    "change_preferences",
    "suppress",
    "suppress_all",
    "unsubscribe",
    "unsubscribe_all",
    "unsuppress",
]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader wants, and when. `topics` are slugs; none chosen means all of them.

    `interest` is what was typed in the sign-up form: whoever listens to `signals.confirmed` makes something of it.
    """

    topics: tuple[str, ...] = ()
    frequency: str = "daily"
    delivery_hour: int = 7
    delivery_weekday: int = 0
    time_zone: str = "UTC"
    digest_length: int = 10
    interest: str = ""
    abstracts: str = "short"
    surprises: int = 0

    @classmethod
    def of(cls, subscriber: Subscriber) -> "Preferences":
        return cls(
            topics=tuple(subscriber.topics.values_list("slug", flat=True)),
            frequency=subscriber.frequency,
            delivery_hour=subscriber.delivery_hour,
            delivery_weekday=subscriber.delivery_weekday,
            time_zone=subscriber.time_zone,
            digest_length=subscriber.digest_length,
            abstracts=subscriber.abstracts,
            surprises=subscriber.surprises,
        )


def change_preferences(subscriber: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Store what the reader wants from now on. A digest that is already due stays due."""
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
        apply_preferences(row, preferences)
        if row.status == SubscriberStatus.ACTIVE and not (row.next_delivery_at and row.next_delivery_at <= now):
            row.next_delivery_at = next_slot(preferences, now)
            row.save(update_fields=["next_delivery_at"])
    subscriber.refresh_from_db()


def advance_slots(subscriber_ids: Sequence[int], now: datetime) -> int:
    """Move slots that have come to the next one after `now`; gives how many.

    The slot is computed once for each schedule that occurs among them: readers are many, schedules are few.
    """
    ids = list(subscriber_ids)
    schedules = [_Schedule(*row) for row in sql.rows(_SCHEDULES, ids=ids)] if ids else []
    moved = 0
    for start in range(0, len(schedules), SCHEDULES_A_STATEMENT):
        some = schedules[start : start + SCHEDULES_A_STATEMENT]
        table, values = _slots(some, now)
        moved += sql.change(_ADVANCE.replace("TABLE", table), ids=ids, now=now, **values)
    return moved


class _Schedule(NamedTuple):
    frequency: str
    delivery_hour: int
    delivery_weekday: int
    time_zone: str


SCHEDULES_A_STATEMENT = 500
_SCHEDULES = """
    SELECT DISTINCT frequency, delivery_hour, delivery_weekday, time_zone
    FROM subscriptions_subscriber WHERE id = ANY(%(ids)s)
"""
# A slot that meanwhile moved into the future was set by the reader's own new preferences: it stays.
_ADVANCE = """
    WITH v (frequency, hour, weekday, zone, slot) AS (VALUES TABLE)
    UPDATE subscriptions_subscriber AS s SET next_delivery_at = v.slot FROM v
    WHERE s.id = ANY(%(ids)s) AND s.frequency = v.frequency AND s.delivery_hour = v.hour
        AND s.delivery_weekday = v.weekday AND s.time_zone = v.zone AND s.status = 'active'
        AND (s.next_delivery_at <= %(now)s OR s.next_delivery_at IS NULL)
"""


def _slots(schedules: Sequence[_Schedule], now: datetime) -> tuple[str, dict[str, Any]]:
    """A row of placeholders for each schedule and its next slot, and their values."""
    lines: list[str] = []
    values: dict[str, Any] = {}
    for number, schedule in enumerate(schedules):
        names = [f"{letter}{number}" for letter in "fhwzs"]
        values.update(zip(names, (*schedule, next_slot(schedule, now)), strict=True))
        lines.append(f"({', '.join(f'%({name})s' for name in names)})")
    return ", ".join(lines), values


def apply_preferences(subscriber: Subscriber, preferences: Preferences) -> None:
    """Store them, within a transaction that holds the reader. What they typed as an interest is not kept here."""
    fields = ["frequency", "delivery_hour", "delivery_weekday", "time_zone", "digest_length", "abstracts", "surprises"]
    for field in fields:
        setattr(subscriber, field, getattr(preferences, field))
    subscriber.save(update_fields=fields)
    subscriber.topics.set(Topic.objects.filter(slug__in=preferences.topics))
