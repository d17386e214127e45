"""Takes the readers whose slot has come; gives one queued row each, for the newest edition of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from digest.models import Delivery, DeliveryState, Edition, EditionKind
from subscriptions import queries, services
from subscriptions.models import Frequency, Subscriber

BATCH = 1000
FREQUENCIES = {
    EditionKind.DAILY: (Frequency.DAILY, Frequency.WEEKDAYS),
    EditionKind.WEEKLY: (Frequency.WEEKLY,),
}


def plan(now: datetime) -> int:
    """Queue a row for every due reader whose edition is out, and move their slot on. Returns the number of new rows.

    A due reader without a new edition keeps waiting; a slot that has waited LATE_DELIVERY_HOURS lapses. Readers are
    gone through in batches, one transaction each, with a constant number of statements.
    """
    newest = {kind: Edition.objects.newest(kind) for kind in EditionKind}
    planned = sum(
        _plan_edition(edition, _due(kind, now), now) for kind, edition in newest.items() if edition is not None
    )
    planned += sum(_plan_first_digests(kind, newest, now) for kind, edition in newest.items() if edition is None)
    _let_slots_lapse(now)
    return planned


def _due(kind: EditionKind, now: datetime) -> QuerySet[Subscriber]:
    return queries.due(now).filter(frequency__in=FREQUENCIES[kind])


def _plan_first_digests(kind: EditionKind, newest: dict[EditionKind, Edition | None], now: datetime) -> int:
    """A new reader does not wait a week for the first edition of their kind: any newest edition will do."""
    other = next((edition for edition in newest.values() if edition is not None), None)
    if other is None:
        return 0
    had_any = Delivery.objects.filter(subscriber=OuterRef("pk"))
    return _plan_edition(other, _due(kind, now).filter(~Exists(had_any)), now)


def _plan_edition(edition: Edition, readers: QuerySet[Subscriber], now: datetime) -> int:
    had_it = Delivery.objects.filter(edition=edition, subscriber=OuterRef("pk"))
    waiting = readers.filter(~Exists(had_it))
    planned, last = 0, 0
    while True:
        with transaction.atomic():
            # The lock makes a second planner pass over these readers instead of planning them again.
            batch = list(
                waiting.filter(pk__gt=last)
                .order_by("pk")
                .select_for_update(skip_locked=True, of=("self",))
                .only("address_hash", "next_delivery_at")[:BATCH]
            )
            if not batch:
                return planned
            _insert(edition, batch, now)
        planned += len(batch)
        last = batch[-1].pk


def _insert(edition: Edition, readers: list[Subscriber], now: datetime) -> None:
    ids = [reader.pk for reader in readers]
    # What is still queued for them is older news: they get the newest edition, not every one that was missed.
    Delivery.objects.filter(subscriber_id__in=ids, state=DeliveryState.QUEUED).exclude(edition=edition).update(
        state=DeliveryState.SKIPPED, detail="A newer edition came first", updated_at=now
    )
    Delivery.objects.bulk_create(
        [
            Delivery(
                edition=edition,
                subscriber_id=reader.pk,
                address_hash=reader.address_hash,
                due_at=reader.next_delivery_at or now,
                created_at=now,
            )
            for reader in readers
        ],
        ignore_conflicts=True,
    )
    services.advance_slots(ids, now)


def _let_slots_lapse(now: datetime) -> None:
    too_late = now - timedelta(hours=settings.LATE_DELIVERY_HOURS)
    lapsed = queries.due(now).filter(next_delivery_at__lte=too_late)
    for ids in _batches_of_ids(lapsed):
        services.advance_slots(ids, now)


def _batches_of_ids(readers: QuerySet[Subscriber]) -> Iterator[list[int]]:
    last = 0
    while ids := list(readers.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]
