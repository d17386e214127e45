"""Takes deliveries whose mailbox does not exist, by the server's own first answer; suppresses their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from digest.delivery.outcomes import Result, storable
from digest.models import Delivery
from subscriptions import services
from subscriptions.departures import Dismissal
from subscriptions.models import SuppressionReason


def suppress_dead_addresses(results: Mapping[int, Result], now: datetime) -> None:
    """`results` are what became of messages, by delivery id; those that are no hard bounces change nothing."""
    details = {pk: storable(result.detail) for pk, result in results.items() if result.is_hard_bounce}
    if details:
        rows = Delivery.objects.filter(pk__in=list(details)).values_list("pk", "address_hash")
        dead = [Dismissal(key, SuppressionReason.HARD_BOUNCE, details[pk]) for pk, key in rows]
        services.suppress_all(dead, now)
