"""Takes what a mail provider reports; gives a stored event, a ledger row that moved on, and suppressions.

delivered                  accepted -> delivered
bounced                    accepted -> bounced; a hard bounce suppresses the address
rejected, failed           accepted -> rejected: the provider itself gave up
complained                 any -> complained; suppresses the address
unsubscribed               unsubscribes the reader
anything else about a sent message settles only that it was accepted
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from digest.models import Delivery, DeliveryState, ProviderEvent
from subscriptions import addresses, services
from subscriptions.models import Subscriber, SuppressionReason

logger = logging.getLogger(__name__)

IN_DOUBT = (DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
SENT = (*IN_DOUBT, DeliveryState.ACCEPTED)
# What a kind of event makes of a row, and from which states; a row never moves back.
MOVES: dict[str, tuple[DeliveryState, tuple[DeliveryState, ...]]] = {
    EventType.DELIVERED: (DeliveryState.DELIVERED, SENT),
    EventType.BOUNCED: (DeliveryState.BOUNCED, (*SENT, DeliveryState.DELIVERED)),
    EventType.REJECTED: (DeliveryState.REJECTED, SENT),
    EventType.FAILED: (DeliveryState.REJECTED, SENT),
    EventType.COMPLAINED: (DeliveryState.COMPLAINED, (*SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED)),
}
PROVES_ACCEPTANCE = {
    EventType.QUEUED,
    EventType.SENT,
    EventType.DEFERRED,
    EventType.AUTORESPONDED,
    EventType.OPENED,
    EventType.CLICKED,
    EventType.UNSUBSCRIBED,
}
READING = {EventType.OPENED, EventType.CLICKED}  # what a reader does with a mail is not kept

UID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
# RFC 3463 status code; not part of an IP address.
STATUS_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY_CODE = re.compile(r"^(?:smtp; ?)?([245])\d\d\b")
SOFT = re.compile(r"soft.?bounc|^transient|^undetermined|^temporary", re.IGNORECASE)
SPARKPOST_HARD = {"10", "30"}  # invalid recipient; generic bounce without recipient


def receive(sender: type, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Anymail's tracking signal. What cannot be understood is logged, so that the rest of its batch still counts.

    While the database does not answer nothing can be kept: the error goes on to the provider, which then sends the
    whole batch again.
    """
    try:
        record(event, esp_name, timezone.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("An event from %s could not be recorded", esp_name)


def record(event: AnymailTrackingEvent, provider: str, now: datetime) -> bool:
    """Store an event and act on it, once; False for one that is known already."""
    delivery = _delivery_of(event)
    address_hash = delivery.address_hash if delivery else _hash_of(event.recipient)
    with transaction.atomic():
        if event.event_type not in READING and not _store(event, provider, delivery, address_hash, now):
            return False
        if delivery is not None:
            _move(delivery, event, now)
        if address_hash and not _is_outdated(event, address_hash):
            _react(event, delivery, address_hash, now)
    return True


# The event's row


def _store(
    event: AnymailTrackingEvent, provider: str, delivery: Delivery | None, address_hash: str, now: datetime
) -> bool:
    _, created = ProviderEvent.objects.get_or_create(
        key=_key(event, provider),
        defaults={
            "provider": provider[:40],
            "kind": str(event.event_type)[:20],
            "delivery": delivery,
            "address_hash": address_hash,
            "reject_reason": str(event.reject_reason or "")[:20],
            "description": _printable(_words(event))[:2000],
            "occurred_at": _aware(event.timestamp),
            "received_at": now,
        },
    )
    return created


def _key(event: AnymailTrackingEvent, provider: str) -> str:
    """At most 100 characters. One notice can tell of several recipients, so its id alone does not name an event."""
    named: tuple[object, ...] = (provider, event.event_type, event.event_id, event.recipient, event.message_id)
    if not event.event_id:
        named = (*named, event.timestamp, event.reject_reason, event.mta_response, event.description)
    digest = hashlib.sha256("\0".join(map(str, named)).encode(errors="replace")).hexdigest()
    return f"{provider[:30]}:{digest}"


def _delivery_of(event: AnymailTrackingEvent) -> Delivery | None:
    """By the metadata we sent along, by the provider's own id, or by our Message-ID where the provider keeps that."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    message_id = _printable(str(event.message_id or ""))
    texts = (str(metadata.get("delivery", "")), message_id)
    uids = [uuid.UUID(found.group()) for found in map(UID.search, texts) if found]
    if not uids and not message_id:
        return None
    ours = Q(uid__in=uids) if uids else Q(provider_message_id=message_id[:255])
    return Delivery.objects.filter(ours).first()


def _hash_of(recipient: str | None) -> str:
    try:
        return addresses.address_hash(addresses.normalise(recipient or ""))
    except (ValidationError, ValueError):
        return ""


# The ledger


def _move(delivery: Delivery, event: AnymailTrackingEvent, now: datetime) -> None:
    row = Delivery.objects.filter(pk=delivery.pk)
    if event.event_type in PROVES_ACCEPTANCE:
        row.filter(state__in=IN_DOUBT).update(
            state=DeliveryState.ACCEPTED, accepted_at=_aware(event.timestamp) or now, detail="", updated_at=now
        )
    elif event.event_type in MOVES:
        state, before = MOVES[event.event_type]
        detail = "" if state == DeliveryState.DELIVERED else _printable(_words(event))[:2000]
        row.filter(state__in=before).update(state=state, detail=detail, updated_at=now)


# What follows for the address


def _is_outdated(event: AnymailTrackingEvent, address_hash: str) -> bool:
    """Whether the reader confirmed again after this happened: then it says nothing about them any more."""
    occurred = _aware(event.timestamp)
    if occurred is None:
        return False
    return Subscriber.objects.filter(address_hash=address_hash, confirmed_at__gt=occurred).exists()


def _react(event: AnymailTrackingEvent, delivery: Delivery | None, address_hash: str, now: datetime) -> None:
    detail = _printable(_words(event))
    if event.event_type == EventType.COMPLAINED:
        services.suppress(address_hash, SuppressionReason.COMPLAINT, detail, now)
    elif event.event_type == EventType.BOUNCED and is_hard_bounce(event):
        services.suppress(address_hash, SuppressionReason.HARD_BOUNCE, detail, now)
    elif event.event_type == EventType.UNSUBSCRIBED:
        for subscriber_id in Subscriber.objects.filter(address_hash=address_hash).values_list("pk", flat=True):
            services.unsubscribe(subscriber_id, services.Origin("provider"), now)


def is_hard_bounce(event: AnymailTrackingEvent) -> bool:
    """Whether a bounce says that the mailbox does not exist; blocks, policy, full mailboxes and delays do not.

    Anymail calls soft bounces "bounced" too, so the provider's own words decide, then the SMTP status code
    (RFC 3463): 4.x.x is temporary, 5.7.x is policy, 5.2.2 is a full mailbox. Without a reason from Anymail only an
    explicit 5.1.x counts.
    """
    if event.reject_reason not in (RejectReason.BOUNCED, RejectReason.INVALID, None):
        return False
    if any(SOFT.search(text) for text in (str(event.description or ""), *_raw_words(event.esp_event))):
        return False
    if _is_soft_class(event.esp_event):
        return False
    words = _words(event)
    if code := STATUS_CODE.search(words):
        severity, subject, detail = code.groups()
        if severity != "5" or subject == "7" or (subject, detail) == ("2", "2"):
            return False
        return event.reject_reason is not None or subject == "1"
    reply = REPLY_CODE.search(words)
    return event.reject_reason is not None and not (reply and reply.group(1) != "5")


def _is_soft_class(raw: object) -> bool:
    """Mailjet says `hard_bounce: false`; SparkPost numbers its bounce classes."""
    if not isinstance(raw, Mapping):
        return False
    bounce_class = raw.get("bounce_class")
    return raw.get("hard_bounce") is False or (bounce_class is not None and str(bounce_class) not in SPARKPOST_HARD)


def _raw_words(raw: object, depth: int = 3) -> Iterator[str]:
    """Short strings of a provider's event: types and classes, not the message's own content."""
    if isinstance(raw, str):
        if len(raw) <= 40:
            yield raw
    elif depth and isinstance(raw, Mapping):
        for value in raw.values():
            yield from _raw_words(value, depth - 1)


def _words(event: AnymailTrackingEvent) -> str:
    return " | ".join(str(text) for text in (event.mta_response, event.description) if text)


def _printable(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "")


def _aware(timestamp: datetime | None) -> datetime | None:
    if not isinstance(timestamp, datetime):
        return None
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
