"""Takes queued rows; gives one worker the care of some of them for a while."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from digest.models import Delivery, DeliveryState
from digest.models.delivery import DeliveryQuerySet

LEASE = timedelta(minutes=10)
# Papers are chosen after the lease, and must know what the reader was just sent: a reader with another row in hand, or
# claimed a moment ago by a machine whose clock may differ a little, is left for later.
QUIET_TIME = timedelta(minutes=1)
FIRST_BACK_OFF = timedelta(minutes=2)
LONGEST_BACK_OFF = timedelta(hours=6)


def lease(now: datetime, limit: int) -> list[Delivery]:
    """Up to `limit` due rows, oldest first, each leased to the caller under one new token, with reader and edition.

    At most one row per reader. Rows that another worker holds, or is just locking, are passed over.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        ids = list(
            _available(now)
            .filter(~Exists(_other_in_hand(now)), ~Exists(_just_claimed(now)))
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:limit]
        )
        Delivery.objects.filter(pk__in=ids).update(lease=token, leased_until=now + LEASE)
    if not ids:
        return []
    leased = Delivery.objects.filter(lease=token, state=DeliveryState.QUEUED, pk__in=ids)
    return list(
        leased.select_related("edition", "subscriber").prefetch_related("subscriber__topics").order_by("due_at", "pk")
    )


def waiting(now: datetime) -> int:
    """How many rows are due and in nobody's hands."""
    return _available(now).count()


def release(token: uuid.UUID) -> int:
    """Give back what is still queued under a lease, for others to take at once."""
    held = Delivery.objects.filter(lease=token, state=DeliveryState.QUEUED)
    return held.update(lease=None, leased_until=None)


def skip(ids: Collection[int], token: uuid.UUID, reason: str, now: datetime) -> int:
    """End leased rows for which nothing needs to be sent."""
    held = Delivery.objects.filter(pk__in=ids, lease=token, state=DeliveryState.QUEUED)
    return held.update(state=DeliveryState.SKIPPED, detail=reason, lease=None, leased_until=None, updated_at=now)


def postpone(ids: Collection[int], token: uuid.UUID, reason: str, now: datetime) -> int:
    """Put off leased rows that could not be composed; the last of DELIVERY_MAX_ATTEMPTS ends them as rejected."""
    held = Delivery.objects.filter(pk__in=ids, lease=token, state=DeliveryState.QUEUED)
    put_off = 0
    for attempts in sorted(set(held.values_list("attempts", flat=True))):
        rows = held.filter(attempts=attempts)
        put_off += rows.update(**after_failure(attempts + 1, reason, now), attempts=F("attempts") + 1)
    return put_off


def after_failure(attempts: int, reason: str, now: datetime) -> dict[str, object]:
    """The fields of a row whose `attempts`-th attempt came to nothing: queued with a delay, or given up."""
    fields: dict[str, object] = {"lease": None, "leased_until": None, "updated_at": now, "selection": []}
    if attempts >= settings.DELIVERY_MAX_ATTEMPTS:
        reason = f"Given up after {attempts} attempts: {reason}"
        return {**fields, "state": DeliveryState.REJECTED, "detail": reason}
    delay = min(FIRST_BACK_OFF * 4 ** (attempts - 1), LONGEST_BACK_OFF)
    return {**fields, "state": DeliveryState.QUEUED, "detail": reason, "due_at": now + delay, "claimed_at": None}


def _available(now: datetime) -> DeliveryQuerySet:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Delivery.objects.filter(free, state=DeliveryState.QUEUED, due_at__lte=now)


def _other_in_hand(now: datetime) -> DeliveryQuerySet:
    """Rows that come before this one of the same reader; those that have ended are not even looked at."""
    leased = Q(state=DeliveryState.QUEUED, leased_until__gt=now)
    earlier = Q(state=DeliveryState.QUEUED, due_at__lte=now, pk__lt=OuterRef("pk"))
    in_hand = others_of_reader().filter(state__in=[DeliveryState.QUEUED, DeliveryState.CLAIMED])
    return in_hand.filter(Q(state=DeliveryState.CLAIMED) | leased | earlier)


def _just_claimed(now: datetime) -> DeliveryQuerySet:
    # A question of its own, as each then has its index: one with OR would read the reader's whole history.
    return others_of_reader().filter(claimed_at__gt=now - QUIET_TIME)


def others_of_reader() -> DeliveryQuerySet:
    """For a subquery: the other rows of the outer row's reader."""
    return Delivery.objects.filter(subscriber=OuterRef("subscriber")).exclude(pk=OuterRef("pk"))
