"""Takes people who leave, and addresses that mail must not or cannot reach; sees that they are not written to again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from subscriptions import addresses, consent
from subscriptions.consent import Origin
from subscriptions.models import (
    BOUNCE_REASONS,
    ConsentAction,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)

DETAIL_LENGTH = 300
# The graver reason stands: nobody is written to after a complaint because a mailbox was full as well.
GRAVITY = (
    SuppressionReason.SOFT_BOUNCE,
    SuppressionReason.HARD_BOUNCE,
    SuppressionReason.COMPLAINT,
    SuppressionReason.MANUAL,
    SuppressionReason.REFUSED,
)


class Dismissal(NamedTuple):
    """An address not to be written to again, and why; `detail` is the other side's words."""

    address_hash: str
    reason: str
    detail: str = ""


def unsubscribe(subscriber_id: int, origin: Origin, now: datetime) -> bool:
    """Stop writing to someone, at once; True if that changed anything. Harmless to repeat, or for nobody."""
    return bool(_leave(Subscriber.objects.filter(pk=subscriber_id), origin, now))


def unsubscribe_all(address_hashes: Collection[str], origin: Origin, now: datetime) -> int:
    """The same for everyone at these addresses; gives how many left."""
    return _leave(Subscriber.objects.filter(address_hash__in=address_hashes), origin, now) if address_hashes else 0


def suppress(address_hash: str, reason: str, detail: str, now: datetime) -> Suppression:
    """Never write to this address again. A bounce gives way to a graver reason; who complains or refuses leaves."""
    suppress_all([Dismissal(address_hash, reason, detail)], now)
    return Suppression.objects.get(address_hash=address_hash)


def suppress_all(dismissals: Iterable[Dismissal], now: datetime) -> int:
    """The same for many, in a few statements whatever their number; gives how many were not suppressed before."""
    gravest = _gravest(dismissals)
    if not gravest:
        return 0
    leaving = (SuppressionReason.COMPLAINT, SuppressionReason.REFUSED)
    complaints = [each.address_hash for each in gravest.values() if each.reason in leaving]
    with transaction.atomic():
        # Readers first, as everything that locks both does: who waits for one another's rows would wait for ever.
        unsubscribe_all(complaints, Origin("complaint"), now)
        known = {row.address_hash: row for row in Suppression.objects.filter(address_hash__in=list(gravest))}
        new = [each for key, each in sorted(gravest.items()) if key not in known]
        Suppression.objects.bulk_create(
            [Suppression(**_fields(each), address_hash=each.address_hash, created_at=now) for each in new],
            ignore_conflicts=True,
        )
        for row in known.values():
            _aggravate(row, gravest[row.address_hash])
    return len(new)


def unsuppress(address_hash: str) -> bool:
    """Let an address be written to again, a decision for people; True if it had been suppressed."""
    deleted, _ = Suppression.objects.filter(address_hash=address_hash).delete()
    return bool(deleted)


def _leave(subscribers: QuerySet[Subscriber], origin: Origin, now: datetime) -> int:
    with transaction.atomic():
        staying = subscribers.exclude(status=SubscriberStatus.UNSUBSCRIBED)
        leaving = list(staying.select_for_update().order_by("pk").only("pk", "address_hash"))
        if leaving:
            Subscriber.objects.filter(pk__in=[each.pk for each in leaving]).update(
                status=SubscriberStatus.UNSUBSCRIBED, unsubscribed_at=now, next_delivery_at=None
            )
            consent.record(leaving, ConsentAction.UNSUBSCRIBED, origin, now)
    return len(leaving)


def _gravest(dismissals: Iterable[Dismissal]) -> dict[str, Dismissal]:
    """One for each address."""
    found: dict[str, Dismissal] = {}
    for each in dismissals:
        other = found.get(each.address_hash)
        if other is None or _gravity(each.reason) > _gravity(other.reason):
            found[each.address_hash] = each
    return found


def _aggravate(row: Suppression, dismissal: Dismissal) -> None:
    """A bounce gives way to a graver reason; what people said or decided stays as it is."""
    if row.reason in BOUNCE_REASONS and _gravity(dismissal.reason) > _gravity(row.reason):
        Suppression.objects.filter(pk=row.pk, reason__in=BOUNCE_REASONS).update(**_fields(dismissal))


def _fields(dismissal: Dismissal) -> dict[str, str]:
    return {"reason": dismissal.reason, "detail": addresses.without_addresses(dismissal.detail)[:DETAIL_LENGTH]}


def _gravity(reason: str) -> int:
    return GRAVITY.index(SuppressionReason(reason))
