"""Takes leased rows with their selections; gives those that may be sent, claimed and committed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from digest.delivery.ledger.leasing import LEASE, QUIET_TIME, others_of_reader, skip
from digest.models import Delivery, DeliveryState
from digest.models.delivery import DeliveryQuerySet
from subscriptions.models import Subscriber, SubscriberQuerySet


def claim(deliveries: Sequence[Delivery], token: uuid.UUID, now: datetime) -> set[int]:
    """Move queued rows to claimed and store their `selection` and `preferences`; committed on return.

    Returns the ids that are now the caller's to send: the row is still queued and leased under `token`, its reader is
    active and not suppressed at this moment, and no other row of theirs was claimed since the lease. All of them are
    claimed in one transaction; it must not run inside another one.
    """
    try:
        return _claim_together(deliveries, token, now)
    except IntegrityError:
        # Another worker claimed another edition for one of these readers in this very moment. One by one, only that
        # reader's row stays behind.
        return {pk for delivery in deliveries for pk in _claim_alone(delivery, token, now)}


def settle_refused(ids: Collection[int], token: uuid.UUID, now: datetime) -> int:
    """End as skipped those unclaimed rows whose reader must not be written to; returns how many that were.

    A row that was refused for any other reason (its lease went to another worker, its reader is busy) stays queued.
    """
    held = Delivery.objects.filter(pk__in=ids, lease=token, state=DeliveryState.QUEUED)
    gone = [row.pk for row in held.filter(~Exists(_reader().active()))]
    suppressed = [row.pk for row in held.filter(Exists(_reader().active())).filter(~Exists(_reader().mailable()))]
    return skip(gone, token, "Unsubscribed", now) + skip(suppressed, token, "Suppressed", now)


def _claim_alone(delivery: Delivery, token: uuid.UUID, now: datetime) -> set[int]:
    try:
        return _claim_together([delivery], token, now)
    except IntegrityError:
        return set()


def _claim_together(deliveries: Sequence[Delivery], token: uuid.UUID, now: datetime) -> set[int]:
    ids = [delivery.pk for delivery in deliveries]
    mark = uuid.uuid4()  # in the lease's place, it tells which rows this very claim got
    with transaction.atomic(durable=True):
        count = _claimable(ids, token).update(
            state=DeliveryState.CLAIMED,
            claimed_at=now,
            lease=mark,
            leased_until=None,
            attempts=F("attempts") + 1,
            detail="",
            updated_at=now,
        )
        claimed = set(ids) if count == len(ids) else _marked(mark)
        _store([delivery for delivery in deliveries if delivery.pk in claimed])
    return claimed


def _claimable(ids: list[int], token: uuid.UUID) -> DeliveryQuerySet:
    leased_at = OuterRef("leased_until") - LEASE
    return Delivery.objects.filter(
        Q(pk__in=ids, lease=token, state=DeliveryState.QUEUED),
        Exists(_reader().mailable()),
        ~Exists(others_of_reader().filter(state=DeliveryState.CLAIMED)),
        ~Exists(others_of_reader().filter(claimed_at__gt=leased_at - QUIET_TIME)),
    )


def _store(deliveries: Sequence[Delivery]) -> None:
    """Each row's own selection and preferences. One prepared statement: bulk_update takes ten times as long."""
    stored = Delivery.selection.field.get_db_prep_save  # both are JSON
    rows = [
        (stored(delivery.selection, connection), stored(delivery.preferences, connection), delivery.pk)
        for delivery in deliveries
    ]
    if rows:
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(Delivery._meta.db_table)
            cursor.executemany(f"UPDATE {table} SET selection = %s, preferences = %s WHERE id = %s", rows)  # noqa: S608


def _marked(mark: uuid.UUID) -> set[int]:
    return set(Delivery.objects.filter(lease=mark, state=DeliveryState.CLAIMED).values_list("pk", flat=True))


def _reader() -> SubscriberQuerySet:
    return Subscriber.objects.filter(pk=OuterRef("subscriber"))
