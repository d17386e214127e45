"""Takes what makes a way out fail as a whole; gives a pause that all workers keep, its end, and what the desk shows.

A scope is what fails as a whole: the way out ("smtp:mail.example.org:587:user"), a destination ("to:example.net"),
or an edition that cannot be composed ("edition:12"). Pauses double with every trip, from PAUSE_SECONDS to an hour.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from digest.delivery.outcomes import Fault, storable
from digest.models import Breaker, BreakerState
from subscriptions import addresses

LONGEST = timedelta(hours=1)
# How long the one worker that tries again has to get its answers.
PROBE = timedelta(minutes=2)
PROBE_MESSAGES = 5
REASON_LENGTH = 1000


def identity() -> str:
    """The way out as it is configured: what a password, a provider's outage or a block concerns."""
    if settings.DELIVERY_TRANSPORT == "smtp":
        name = f"smtp:{settings.EMAIL_HOST}:{settings.EMAIL_PORT}:{settings.EMAIL_HOST_USER}"
    else:
        name = f"{settings.EMAIL_BACKEND}:{addresses.sender_domain()}"
    return name[:200]


def destination(domain: str) -> str:
    return f"to:{domain}"[:200]


def paused_reason(domain: str) -> str:
    """What a row says that waits for its destination: the desk finds it by these words."""
    return f"Mail to {domain} is paused"


def edition(pk: int) -> str:
    return f"edition:{pk}"


def admit(scope: str, now: datetime) -> int | None:
    """How many messages may be tried: None for any number, 0 while it is open or another worker is trying.

    The first to ask after a pause is the one who tries.
    """
    row = Breaker.objects.filter(scope=scope).first()
    if row is None or row.state == BreakerState.CLOSED:
        return None
    if row.until is None or row.until > now:
        return 0
    tried = Breaker.objects.filter(pk=row.pk, state=row.state, until=row.until).update(
        state=BreakerState.HALF_OPEN, until=now + PROBE, updated_at=now
    )
    return PROBE_MESSAGES if tried else 0


def trip(scope: str, fault: Fault, reason: str, now: datetime, retry_after: float | None = None) -> datetime:
    """Open it, or keep it open; gives when it may be tried again.

    Many workers meet the same fault: those who find it open already change nothing but a longer wish of the server's.
    """
    with transaction.atomic():
        row, _ = Breaker.objects.select_for_update().get_or_create(scope=scope, defaults={"updated_at": now})
        wish = now + timedelta(seconds=retry_after or 0)
        if row.state == BreakerState.OPEN and row.until and row.until > now:
            row.until = max(row.until, wish)
            row.save(update_fields=["until"])
            return row.until
        if row.state == BreakerState.CLOSED:
            row.trips, row.opened_at = 0, now
        pause = min(timedelta(seconds=settings.PAUSE_SECONDS) * 2 ** min(row.trips, 12), LONGEST)
        row.until = max(now + pause, wish, row.until or now)
        row.state, row.fault, row.reason = BreakerState.OPEN, fault.value, storable(reason[:REASON_LENGTH])
        row.trips, row.updated_at = row.trips + 1, now
        row.save()
        return row.until


def close(scope: str, now: datetime) -> bool:
    """Something was accepted: all workers may go on. True if it was not closed already."""
    closed = Breaker.objects.filter(scope=scope).exclude(state=BreakerState.CLOSED)
    return bool(closed.update(state=BreakerState.CLOSED, until=None, trips=0, closed_at=now, updated_at=now))


def resume(scope: str, now: datetime) -> bool:
    """An operator says that the fault is mended: the next run tries at once."""
    waiting = Breaker.objects.filter(scope=scope).exclude(state=BreakerState.CLOSED)
    return bool(waiting.update(state=BreakerState.OPEN, until=now, trips=0, updated_at=now))


def open_until(scopes: Collection[str], now: datetime) -> dict[str, datetime]:
    """Those of the scopes that are paused, and until when. One query."""
    paused = Breaker.objects.filter(scope__in=list(scopes), until__gt=now).exclude(state=BreakerState.CLOSED)
    return {scope: until for scope, until in paused.values_list("scope", "until") if until}


def destinations(now: datetime) -> dict[str, datetime]:
    """The destination domains that are paused, and until when. One query."""
    paused = Breaker.objects.filter(Q(scope__startswith="to:"), until__gt=now).exclude(state=BreakerState.CLOSED)
    return {scope.removeprefix("to:"): until for scope, until in paused.values_list("scope", "until") if until}


def awaited(now: datetime) -> set[str]:
    """The destination domains whose pause is over while nothing was accepted for them since. One query."""
    over = Breaker.objects.filter(Q(scope__startswith="to:"), until__lte=now).exclude(state=BreakerState.CLOSED)
    return {scope.removeprefix("to:") for scope in over.values_list("scope", flat=True)}
