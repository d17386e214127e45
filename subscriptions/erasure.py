"""Takes an address; tells all that is known of it, or forgets it: only the keyed hash of a suppression stays.

What other rooms know is asked for, and forgotten, by `signals`. Deliveries stay as rows of the ledger's counts, without
anything that leads to a person.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q

from subscriptions import addresses, signals
from subscriptions.models import ConsentRecord, SignupRequest, Subscriber, Suppression
from subscriptions.services import Preferences


def erase(email: str) -> dict[str, int]:
    """Forget everything, at once and for good; how many rows of each kind went. Raises `ValidationError`.

    Whoever was suppressed stays so. Anybody else can be asked to confirm again, like someone who was never here.
    """
    key = addresses.normalise(email)
    digest = addresses.address_hash(key)
    with transaction.atomic():
        reader = Subscriber.objects.select_for_update().filter(address_key=key).first()
        signals.erasing.send(Subscriber, address=key, address_hash=digest, subscriber=reader)
        records = ConsentRecord.objects.filter(Q(address_hash=digest) | Q(subscriber=reader, subscriber__isnull=False))
        gone = {
            "consent records": records.delete()[0],
            "sign-ups": SignupRequest.objects.filter(address_key=key).delete()[0],
            "readers": Subscriber.objects.filter(address_key=key).delete()[1].get(Subscriber._meta.label, 0),
        }
        Suppression.objects.filter(address_hash=digest).update(detail="")
        # As it was written before names of readers were masked.
        LogEntry.objects.filter(object_repr__icontains=key).update(object_repr="(erased)")
    return gone


def known(email: str) -> dict[str, Any]:
    """All that is known of an address, in JSON's values but for moments and UUIDs. Raises `ValidationError`."""
    key = addresses.normalise(email)
    digest = addresses.address_hash(key)
    reader = Subscriber.objects.filter(address_key=key).first()
    answers: list[tuple[Any, Any]] = signals.telling.send(
        Subscriber, address=key, address_hash=digest, subscriber=reader
    )
    told: dict[str, Any] = {
        "address": key,
        "reader": _reader(reader) if reader else None,
        "sign-ups": [_columns(row) for row in SignupRequest.objects.filter(address_key=key)],
        "consent": [_columns(row) for row in ConsentRecord.objects.filter(address_hash=digest)],
        "suppression": [_columns(row) for row in Suppression.objects.filter(address_hash=digest)],
    }
    for _, answer in answers:
        told |= answer
    return told


def forget_places(before: datetime) -> int:
    """Consent records from before keep neither network address nor browser; gives how many lost them."""
    old = ConsentRecord.objects.filter(created_at__lt=before).exclude(ip_address=None, user_agent="")
    return old.update(ip_address=None, user_agent="")


def _reader(reader: Subscriber) -> dict[str, Any]:
    moments = ("created_at", "confirmed_at", "unsubscribed_at", "next_delivery_at")
    return {
        "written as": reader.email,
        "status": reader.status,
        **{name: getattr(reader, name) for name in moments},
        "preferences": asdict(Preferences.of(reader)),
    }


def _columns(row: SignupRequest | ConsentRecord | Suppression) -> dict[str, Any]:
    """But for the key it is found by."""
    hidden = ("id", "subscriber", "address_hash", "mailbox_hash", "address_key")
    return {field.name: getattr(row, field.name) for field in row._meta.fields if field.name not in hidden}
