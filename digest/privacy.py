"""Takes an address and its reader; tells what papers, digests and mails have to do with them, or forgets it.

`subscriptions.erasure` asks, by signals.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from digest.delivery import ledger, outbox
from digest.models import Delivery, Interest, Muted, ProviderEvent, Vote
from subscriptions.models import Subscriber


def forget(address: str, address_hash: str, subscriber: Subscriber | None) -> None:
    """Within the erasing transaction; the outbox's files go when it is committed.

    Deliveries and providers' events stay for their counts, and lead to nobody.
    """
    if subscriber is not None:
        ledger.forget_digests(subscriber.pk)
        Delivery.objects.filter(subscriber=subscriber).update(address_hash="", detail="", provider_message_id="")
    orphans = Delivery.objects.filter(subscriber=None, address_hash=address_hash)
    orphans.update(address_hash="", detail="", provider_message_id="")
    ProviderEvent.objects.filter(address_hash=address_hash).update(address_hash="", description="", message_id="")
    transaction.on_commit(partial(outbox.forget, address))


def known(address_hash: str, subscriber: Subscriber | None) -> dict[str, Any]:
    events = ProviderEvent.objects.filter(address_hash=address_hash).order_by("pk")
    told: dict[str, Any] = {
        "reports of mail providers": list(events.values("provider", "kind", "bounce", "description", "received_at"))
    }
    if subscriber is None:
        return told
    interests = Interest.objects.filter(subscriber=subscriber).order_by("pk")
    muted = Muted.objects.filter(subscriber=subscriber).order_by("pk")
    votes = Vote.objects.filter(subscriber=subscriber).order_by("pk")
    deliveries = Delivery.objects.filter(subscriber=subscriber).select_related("edition", "digest").order_by("pk")
    return told | {
        "interests": list(interests.values("kind", "name", "text")),
        "muted": list(muted.values("kind", "name")),
        "votes": list(votes.values("paper__title", "wants_more", "cast_at")),
        "digests": [_digest(delivery) for delivery in deliveries],
    }


def _digest(delivery: Delivery) -> dict[str, Any]:
    return {
        "edition": str(delivery.edition),
        "state": delivery.state,
        "detail": delivery.detail,
        "due_at": delivery.due_at,
        "accepted_at": delivery.accepted_at,
        "chosen": delivery.selection,
        "chosen by": delivery.preferences,
    }
