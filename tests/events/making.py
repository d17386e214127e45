"""Events as providers' webhooks make them, and the two steps that every event takes."""

from __future__ import annotations

import uuid
from datetime import datetime

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from digest import events
from digest.events import reports
from digest.models import Delivery, DeliveryState
from tests.factories import NOW, DeliveryFactory

HARD = {
    "event_type": EventType.BOUNCED,
    "reject_reason": RejectReason.BOUNCED,
    "mta_response": "550 5.1.1 <x@example.org> no such user [4.31.198.44]",
}
SOFT = {**HARD, "mta_response": "452 4.2.2 mailbox full"}


def sent(**fields) -> Delivery:
    return DeliveryFactory(**{"state": DeliveryState.ACCEPTED, **fields})


def event(delivery: Delivery | None = None, **fields) -> AnymailTrackingEvent:
    about = {}
    if delivery is not None:
        about = {"metadata": {"delivery": str(delivery.uid)}, "recipient": delivery.subscriber.email}
    return AnymailTrackingEvent(**{"timestamp": NOW, "event_id": uuid.uuid4().hex, **about, **fields})


def store(*happened: AnymailTrackingEvent, now: datetime = NOW, provider: str = "Test") -> None:
    events.store([reports.of_event(each, provider, now) for each in happened], now)


def record(*happened: AnymailTrackingEvent, now: datetime = NOW) -> int:
    """Store and work off; gives how many were handled."""
    store(*happened, now=now)
    return events.handle(now)


def state_after(delivery: Delivery, *happened: AnymailTrackingEvent) -> str:
    for each in happened:
        record(each)
    delivery.refresh_from_db()
    return delivery.state
