"""Takes addresses whose mail bounced softly; gives those where it has done so for too long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce

from digest.models import Bounce, Delivery, DeliveryState

# That a message left, and nothing that ends it before.
_ON_ITS_WAY = (
    DeliveryState.CLAIMED,
    DeliveryState.UNKNOWN,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.BOUNCED,
    DeliveryState.COMPLAINED,
)
_WHEN = Coalesce("events__occurred_at", "events__received_at")


class Attempt(NamedTuple):
    """One delivery to an address: when, and what came of it; neither is known of many."""

    at: datetime
    has_bounced: bool
    has_arrived: bool


def persistent(address_hashes: Collection[str], now: datetime) -> set[str]:
    """Those among the addresses that should not be written to any more."""
    return {key for key, attempts in _history(address_hashes, now).items() if is_persistent(attempts)}


def is_persistent(attempts: Sequence[Attempt]) -> bool:
    """Newest first. SOFT_BOUNCE_LIMIT of the last SOFT_BOUNCE_WINDOW bounced, and such bounces began SOFT_BOUNCE_DAYS
    before the newest; whatever arrived ends the count, and so does a stretch in which too few bounced.
    """
    limit, window = settings.SOFT_BOUNCE_LIMIT, settings.SOFT_BOUNCE_WINDOW
    if sum(attempt.has_bounced for attempt in _since_arrival(attempts)[:window]) < limit:
        return False
    bounces = _run_of_bounces(_since_arrival(attempts), patience=window - limit)
    return bounces[0].at - bounces[-1].at >= timedelta(days=settings.SOFT_BOUNCE_DAYS)


def memory() -> timedelta:
    """How far back bounces count: as long as a weekly reader takes for a window, and the days on top."""
    return timedelta(days=settings.SOFT_BOUNCE_DAYS + 7 * settings.SOFT_BOUNCE_WINDOW)


def _since_arrival(attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    arrived = next((number for number, attempt in enumerate(attempts) if attempt.has_arrived), len(attempts))
    return attempts[:arrived]


def _run_of_bounces(attempts: Sequence[Attempt], patience: int) -> list[Attempt]:
    """Back to where more than `patience` in a row did not bounce."""
    bounces, quiet = [], 0
    for attempt in attempts:
        quiet = 0 if attempt.has_bounced else quiet + 1
        if quiet > patience:
            break
        if attempt.has_bounced:
            bounces.append(attempt)
    return bounces


def _history(address_hashes: Collection[str], now: datetime) -> dict[str, list[Attempt]]:
    """By the ledger, which also knows what nobody reported on; only what followed the last confirmation."""
    rows = (
        Delivery.objects.filter(
            subscriber__address_hash__in=address_hashes,
            state__in=_ON_ITS_WAY,
            claimed_at__gt=now - memory(),
            claimed_at__gte=F("subscriber__confirmed_at"),
        )
        .annotate(
            bounced=Max(_WHEN, filter=Q(events__bounce=Bounce.SOFT)),
            arrived=Max(_WHEN, filter=Q(events__kind="delivered")),
        )
        .order_by("-claimed_at", "-pk")
        .values_list("subscriber__address_hash", "claimed_at", "state", "bounced", "arrived")
    )
    history: defaultdict[str, list[Attempt]] = defaultdict(list)
    for key, claimed_at, state, bounced, arrived in rows:
        # A message can be reported as delivered and come back later, or the other way round.
        has_bounced = bounced is not None and (arrived is None or bounced >= arrived)
        is_good = not has_bounced and (arrived is not None or state == DeliveryState.DELIVERED)
        if claimed_at is not None:
            history[key].append(Attempt(claimed_at, has_bounced, is_good))
    return history
