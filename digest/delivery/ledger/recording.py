"""Takes what became of claimed messages; gives their rows a state, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, TextField, Value, When

from digest.delivery.ledger.leasing import after_failure
from digest.delivery.outcomes import Outcome, Result
from digest.models import Delivery, DeliveryState
from digest.models.delivery import DeliveryQuerySet

DETAIL_LENGTH = 2000
PROVIDER_ID_LENGTH = 255


def record(results: Mapping[int, Result], now: datetime) -> None:
    """Store the outcome of each claimed row (keys are delivery ids); committed on return.

    A provider's event may have arrived first: then the row is already further on, and stays there.
    """
    groups: defaultdict[tuple[Outcome, str], list[int]] = defaultdict(list)
    for pk, result in results.items():
        groups[result.outcome, result.detail[:DETAIL_LENGTH]].append(pk)
    with transaction.atomic(durable=True):
        for (outcome, detail), ids in groups.items():
            _record_group(outcome, detail, ids, now)
        _store_provider_ids(results)


def _record_group(outcome: Outcome, detail: str, ids: list[int], now: datetime) -> None:
    match outcome:
        case Outcome.ACCEPTED:
            _accept(ids, now)
        case Outcome.REJECTED:
            _settle(ids, DeliveryState.REJECTED, detail, now)
        case Outcome.UNKNOWN:
            _settle(ids, DeliveryState.UNKNOWN, detail, now)
        case Outcome.REQUEUE:
            _requeue(ids, detail, now)
        case Outcome.RETURNED:
            _return(ids, now)


def _accept(ids: list[int], now: datetime) -> None:
    # A row that was rescued meanwhile, because its worker was slow, is no longer in doubt either.
    in_doubt = [DeliveryState.CLAIMED, DeliveryState.UNKNOWN]
    Delivery.objects.filter(pk__in=ids).update(
        state=Case(When(state__in=in_doubt, then=Value(DeliveryState.ACCEPTED.value)), default=F("state")),
        detail=Case(When(state__in=in_doubt, then=Value("", TextField())), default=F("detail")),
        accepted_at=now,
        lease=None,
        leased_until=None,
        updated_at=now,
    )


def _settle(ids: list[int], state: DeliveryState, detail: str, now: datetime) -> None:
    _claimed(ids).update(state=state, detail=detail, lease=None, leased_until=None, updated_at=now)


def _requeue(ids: list[int], detail: str, now: datetime) -> None:
    by_attempts: defaultdict[int, list[int]] = defaultdict(list)
    for pk, attempts in _claimed(ids).values_list("pk", "attempts"):
        by_attempts[attempts].append(pk)
    for attempts, group in by_attempts.items():
        _claimed(group).update(**after_failure(attempts, detail, now))


def _return(ids: list[int], now: datetime) -> None:
    _claimed(ids).update(
        state=DeliveryState.QUEUED,
        attempts=F("attempts") - 1,
        selection=[],
        claimed_at=None,
        lease=None,
        leased_until=None,
        updated_at=now,
    )


def _store_provider_ids(results: Mapping[int, Result]) -> None:
    named = [
        Delivery(pk=pk, provider_message_id=result.provider_message_id[:PROVIDER_ID_LENGTH])
        for pk, result in results.items()
        if result.provider_message_id
    ]
    if named:
        Delivery.objects.bulk_update(named, ["provider_message_id"])


def _claimed(ids: Collection[int]) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk__in=ids, state=DeliveryState.CLAIMED)
