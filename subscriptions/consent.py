"""Takes what people did and where from; gives rows of the consent record, which are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from subscriptions.models import ConsentAction, ConsentRecord, Subscriber


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, and the words that were agreed to: what the consent record keeps."""

    name: str
    ip_address: str | None = None
    user_agent: str = ""
    consent_text: str = ""
    consent_version: str = ""


def record(subscribers: Sequence[Subscriber], action: ConsentAction, origin: Origin, now: datetime) -> None:
    """One row for each; of the subscribers only id and hash are read."""
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            subscriber_id=subscriber.pk,
            address_hash=subscriber.address_hash,
            action=action,
            text=origin.consent_text,
            text_version=origin.consent_version,
            origin=origin.name[:200],
            ip_address=origin.ip_address if settings.CONSENT_RECORDS_IP else None,
            user_agent=origin.user_agent[:300],
            created_at=now,
        )
        for subscriber in subscribers
    )
