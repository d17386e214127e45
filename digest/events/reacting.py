"""Takes matched events; gives suppressions and departures, for nobody but those they must follow for.

a hard bounce              suppresses the address
soft bounces, for long     suppress it too, until a fresh confirmation
a complaint                suppresses the address, and unsubscribes
unsubscribed               at the provider: unsubscribes here
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from anymail.signals import EventType

from digest.events import soft_bounces
from digest.models import Bounce
from subscriptions import services, sql
from subscriptions.departures import Dismissal
from subscriptions.models import SuppressionReason

# What happened before the reader confirmed again says nothing about them any more.
_TELLING = """
    SELECT e.address_hash, e.kind, e.bounce, e.description FROM digest_providerevent e
    WHERE e.id = ANY(%(ids)s) AND e.address_hash > '' AND (e.bounce > '' OR e.kind = ANY(%(kinds)s))
        AND NOT EXISTS (SELECT 1 FROM subscriptions_subscriber s
            WHERE s.address_hash = e.address_hash AND s.confirmed_at > COALESCE(e.occurred_at, e.received_at))
    ORDER BY e.id
"""
_KINDS = [EventType.COMPLAINED, EventType.UNSUBSCRIBED]


class _Telling(NamedTuple):
    address_hash: str
    kind: str
    bounce: str
    description: str


def react(event_ids: Sequence[int], now: datetime) -> None:
    """A few statements whatever the number of events; harmless to repeat."""
    telling = [_Telling(*row) for row in sql.rows(_TELLING, ids=event_ids, kinds=_KINDS)]
    if telling:
        leaving = {each.address_hash for each in telling if each.kind == EventType.UNSUBSCRIBED}
        services.unsubscribe_all(leaving, services.Origin("provider"), now)
        services.suppress_all(_dismissals(telling, now), now)


def _dismissals(telling: Sequence[_Telling], now: datetime) -> list[Dismissal]:
    softly = {each.address_hash for each in telling if each.bounce == Bounce.SOFT}
    persistent = soft_bounces.persistent(softly, now) if softly else set()
    found = []
    for each in telling:
        if each.kind == EventType.COMPLAINED:
            found.append(Dismissal(each.address_hash, SuppressionReason.COMPLAINT, each.description))
        elif each.bounce == Bounce.HARD:
            found.append(Dismissal(each.address_hash, SuppressionReason.HARD_BOUNCE, each.description))
        elif each.bounce == Bounce.SOFT and each.address_hash in persistent:
            found.append(Dismissal(each.address_hash, SuppressionReason.SOFT_BOUNCE, each.description))
    return found
