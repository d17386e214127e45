"""Takes a person's request, gives the rows that follow from it: the only way in or out for a person.

Nothing here sends mail or enqueues; the edges do, with what these functions return.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from subscriptions import addresses, consent, queries, signals, sql
from subscriptions.clock import next_slot
from subscriptions.consent import Origin
from subscriptions.departures import suppress, suppress_all, unsubscribe, unsubscribe_all, unsuppress
from subscriptions.models import (
    BOUNCE_REASONS,
    ConsentAction,
    ConsentRecord,
    Subscriber,
    SubscriberStatus,
    Suppression,
    Topic,
)
from subscriptions.tokens import TokenData

__all__ = [
    "Origin",
    "Preferences",
    "advance_slots",
    "change_preferences",
    "claim_confirmation",
    "confirm",
    "forget_unconfirmed",
    "release_confirmation",
    "request_again",
    "request_subscription",
    "suppress",
    "suppress_all",
    "unsubscribe",
    "unsubscribe_all",
    "unsuppress",
]

logger = logging.getLogger(__name__)

FORGET_AFTER = timedelta(days=30)  # how long an expired confirmation link can still say so


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader wants, and when. `topics` are slugs; none chosen means all of them.

    `interest` is what they typed in the sign-up form, until they confirm.
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
            interest=subscriber.interest,
            abstracts=subscriber.abstracts,
            surprises=subscriber.surprises,
        )


def request_subscription(email: str, preferences: Preferences, origin: Origin, now: datetime) -> int | None:
    """Remember that someone wants to read; give the id of the subscriber who needs a mail about it, or None.

    New, unsubscribed and bounced addresses begin a round of double opt-in; a pending one begins another once its
    daily limit allows, and keeps the newest preferences meanwhile. An active reader is never changed, only told.
    After a complaint, or a suppression by hand, nothing happens. Raises `ValidationError` for an invalid address.
    """
    key = addresses.normalise(email)
    digest = addresses.address_hash(key)
    with transaction.atomic():
        reason = Suppression.objects.filter(address_hash=digest).values_list("reason", flat=True).first()
        if reason not in (None, *BOUNCE_REASONS):
            return None
        _, created = Subscriber.objects.get_or_create(
            address_key=key,
            defaults={"email": addresses.deliverable(email), "address_hash": digest, "created_at": now},
        )
        subscriber = Subscriber.objects.select_for_update().get(address_key=key)
        if subscriber.status == SubscriberStatus.ACTIVE and reason is None:
            return subscriber.pk
        if created or _may_be_asked_again(subscriber, now, bounced=reason is not None):
            _begin_round(subscriber, preferences, origin, now)
        elif subscriber.status == SubscriberStatus.PENDING:
            _apply(subscriber, preferences)
        return subscriber.pk if _awaits_confirmation_mail(subscriber) else None


def request_again(subscriber: Subscriber, origin: Origin, now: datetime) -> int | None:
    """A fresh double opt-in, under the same limits, for someone who holds one of our links; preferences are kept."""
    return request_subscription(subscriber.email, Preferences.of(subscriber), origin, now)


def claim_confirmation(subscriber_id: int, now: datetime) -> Subscriber | None:
    """The pending subscriber, if their confirmation mail is ours to send: claimed before anything leaves."""
    claimed = queries.pending_confirmations().filter(pk=subscriber_id).update(confirmation_sent_at=now)
    return Subscriber.objects.get(pk=subscriber_id) if claimed else None


def release_confirmation(subscriber: Subscriber) -> None:
    """Give the claim back: the mail certainly did not leave, a later sweep sends it."""
    Subscriber.objects.filter(
        pk=subscriber.pk, status=SubscriberStatus.PENDING, confirmation_sent_at=subscriber.confirmation_sent_at
    ).update(confirmation_sent_at=None)


def confirm(token_data: TokenData, origin: Origin, now: datetime) -> Subscriber | None:
    """Make a pending subscriber active; None if the link is used, outdated, expired, or the address is suppressed.

    The first digest is due at once. Whoever confirms has received our mail: earlier bounces are lifted.
    """
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().filter(pk=token_data.subscriber_id).first()
        if subscriber is None or not queries.is_confirmable(subscriber, token_data, now):
            return None
        suppressions = Suppression.objects.filter(address_hash=subscriber.address_hash)
        if suppressions.exclude(reason__in=BOUNCE_REASONS).exists():
            return None
        suppressions.delete()
        subscriber.status = SubscriberStatus.ACTIVE
        subscriber.confirmed_at = subscriber.next_delivery_at = now
        subscriber.unsubscribed_at = None
        subscriber.save(update_fields=["status", "confirmed_at", "next_delivery_at", "unsubscribed_at"])
        consent.record([subscriber], ConsentAction.CONFIRMED, origin, now)
        signals.confirmed.send(Subscriber, subscriber=subscriber, now=now)
        return subscriber


def change_preferences(subscriber: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Store what the reader wants from now on. A digest that is already due stays due."""
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
        _apply(row, preferences)
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


def forget_unconfirmed(now: datetime) -> int:
    """Delete who never confirmed, a month after their link expired; gives how many. The consent record stays.

    Whose link never left, for all the tries, is forgotten as long after they last asked for it.
    """
    limit = queries.confirmations_valid_since(now) - FORGET_AFTER
    asked = ConsentRecord.objects.filter(
        subscriber=OuterRef("pk"), action=ConsentAction.REQUESTED, created_at__gte=limit
    )
    never_left = Q(confirmation_sent_at=None, created_at__lt=limit) & ~Exists(asked)
    unconfirmed = Subscriber.objects.filter(status=SubscriberStatus.PENDING, confirmed_at=None)
    _, deleted = unconfirmed.filter(never_left | Q(confirmation_sent_at__lt=limit)).delete()
    return deleted.get(Subscriber._meta.label, 0)


def _may_be_asked_again(subscriber: Subscriber, now: datetime, *, bounced: bool) -> bool:
    """Whether one more confirmation mail is within the address's limit.

    Only requests that nobody confirmed count: who answered them wanted them. An address that bounced is tried once in
    the life of a confirmation link, since each mail to a dead mailbox costs reputation.
    """
    if _awaits_confirmation_mail(subscriber):
        return False
    window = timedelta(days=settings.CONFIRMATION_DAYS if bounced else 1)
    limit = 1 if bounced else settings.SIGNUPS_PER_ADDRESS_PER_DAY
    asked = ConsentRecord.objects.filter(
        address_hash=subscriber.address_hash, action=ConsentAction.REQUESTED, created_at__gt=now - window
    )
    if subscriber.confirmed_at:
        asked = asked.filter(created_at__gt=subscriber.confirmed_at)
    return asked.count() < limit


def _awaits_confirmation_mail(subscriber: Subscriber) -> bool:
    return subscriber.status == SubscriberStatus.PENDING and subscriber.confirmation_sent_at is None


def _begin_round(subscriber: Subscriber, preferences: Preferences, origin: Origin, now: datetime) -> None:
    Subscriber.objects.filter(pk=subscriber.pk).update(
        status=SubscriberStatus.PENDING,
        opt_in_round=F("opt_in_round") + 1,
        confirmation_sent_at=None,
        next_delivery_at=None,
    )
    subscriber.refresh_from_db()
    _apply(subscriber, preferences)
    consent.record([subscriber], ConsentAction.REQUESTED, origin, now)


def _apply(subscriber: Subscriber, preferences: Preferences) -> None:
    fields = [
        "frequency",
        "delivery_hour",
        "delivery_weekday",
        "time_zone",
        "digest_length",
        "abstracts",
        "surprises",
        "interest",
    ]
    for field in fields:
        setattr(subscriber, field, getattr(preferences, field))
    subscriber.save(update_fields=fields)
    subscriber.topics.set(Topic.objects.filter(slug__in=preferences.topics))
