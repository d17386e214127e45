"""Takes what people did and where from; gives rows of the consent record, which are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from subscriptions.models import ConsentAction, ConsentRecord, SignupRequest, Subscriber


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, and the words that were agreed to: what the consent record keeps."""

    name: str
    ip_address: str | None = None
    user_agent: str = ""
    consent_text: str = ""
    consent_version: str = ""


COLUMNS = ("origin", "text", "text_version", "ip_address", "user_agent")


def columns(origin: Origin) -> dict[str, str | None]:
    """As consent records and requests hold it."""
    return {
        "origin": origin.name[:200],
        "text": origin.consent_text,
        "text_version": origin.consent_version,
        "ip_address": origin.ip_address if settings.CONSENT_RECORDS_IP else None,
        "user_agent": origin.user_agent[:300],
    }


def origin_of(request: SignupRequest) -> Origin:
    return Origin(request.origin, request.ip_address, request.user_agent, request.text, request.text_version)


def record(subscribers: Sequence[Subscriber], action: ConsentAction, origin: Origin, now: datetime) -> None:
    """One row for each; of the subscribers only id and hash are read."""
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            subscriber_id=subscriber.pk,
            address_hash=subscriber.address_hash,
            action=action,
            created_at=now,
            **columns(origin),
        )
        for subscriber in subscribers
    )
