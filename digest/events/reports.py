"""Takes Anymail's events, whatever the provider; gives reports: plain values that any database can store."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from anymail.signals import AnymailTrackingEvent
from django.core.exceptions import ValidationError

from digest.delivery.outcomes import storable
from digest.events import addressing, severity
from subscriptions import addresses

UID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
EMAIL = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@[\w.-]{1,190}")
WORDS_LENGTH = 2000
MESSAGE_ID_LENGTH = 255
# Nothing was sent before; dates far from today's overflow in one time zone or another.
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


class Report(NamedTuple):
    """What someone reports of one message to one recipient: the columns of `ProviderEvent`, the address as a hash."""

    key: str
    provider: str
    kind: str
    uid: uuid.UUID | None
    message_id: str
    address_hash: str
    bounce: str
    reject_reason: str
    description: str
    occurred_at: datetime | None


def of_event(event: AnymailTrackingEvent, provider: str, now: datetime) -> Report:
    """What Anymail understood, made storable; raises nothing a provider's junk could cause."""
    return Report(
        key=_key(event, provider),
        provider=storable(provider)[:40],
        kind=storable(str(event.event_type))[:20],
        uid=_uid(event),
        message_id=bare_id(event.message_id),
        address_hash=hash_of(event.recipient),
        bounce=severity.of_event(event),
        reject_reason=storable(str(event.reject_reason or ""))[:20],
        description=storable_words(severity.words_of(event)),
        occurred_at=moment(event.timestamp, now),
    )


def key_of(provider: str, *named: object) -> str:
    """At most 100 characters, the same for the same facts."""
    digest = hashlib.sha256("\0".join(map(str, (provider, *named))).encode(errors="replace")).hexdigest()
    return f"{storable(provider)[:30]}:{digest}"


def hash_of(recipient: object) -> str:
    try:
        return addresses.address_hash(addresses.normalise(str(recipient or "")))
    except (ValidationError, ValueError):
        return ""


def bare_id(message_id: object) -> str:
    """A message's id without angle brackets: some providers keep them, some do not, some do so now and then."""
    return storable(str(message_id or "")).strip().strip("<>").strip()[:MESSAGE_ID_LENGTH]


def storable_words(words: str) -> str:
    """What a server said, without the addresses it repeats: they are kept as hashes only."""
    return addresses.without_addresses(storable(words)[:WORDS_LENGTH])[:WORDS_LENGTH]


def moment(timestamp: object, now: datetime) -> datetime | None:
    """When it happened: a moment still to come counts as now, and nothing is known where the date cannot be meant."""
    if not isinstance(timestamp, datetime):
        return None
    aware = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    try:
        return min(aware.astimezone(UTC), now) if aware > OLDEST else None
    except OverflowError:
        return now


def _key(event: AnymailTrackingEvent, provider: str) -> str:
    """One notice can tell of several recipients, so its id alone does not name an event."""
    named: tuple[object, ...] = (event.event_type, event.event_id, event.recipient, event.message_id)
    if not event.event_id:
        named = (*named, event.timestamp, event.reject_reason, event.mta_response, event.description)
    return key_of(provider, *named)


def _uid(event: AnymailTrackingEvent) -> uuid.UUID | None:
    """Our id of the delivery: from the metadata we sent along, our Message-ID, or our bounce address."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    for text in (metadata.get("delivery"), event.message_id):
        if found := UID.search(str(text or "")):
            return uuid.UUID(found.group())
    return addressing.uid_of(str(event.recipient or ""))
