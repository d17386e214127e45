"""Three invented readers with different interests, subscribed and confirmed through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from subscriptions import services, signups
from subscriptions.models import SignupRequest, SignupState, Subscriber, Topic


@dataclass(frozen=True, slots=True)
class SampleReader:
    email: str
    topics: tuple[str, ...]


# example.org is reserved (RFC 2606): should mail ever leave this machine, it reaches nobody.
READERS = (
    SampleReader("ada@example.org", ("robotics", "computer-vision")),
    SampleReader("ben@example.org", ("language-models", "reasoning", "software-engineering")),
    SampleReader("chioma@example.org", ("biology-medicine", "science-physics", "human-computer-interaction")),
)
ORIGIN = services.Origin(name="sample", consent_text="An invented reader, for trying Paperboy out.")


def subscribe(now: datetime) -> list[str]:
    """Their addresses, if they are new. A reader who is known, whatever became of them, is left alone."""
    return [reader.email for reader in READERS if subscribe_one(reader, now)]


def subscribe_one(reader: SampleReader, now: datetime) -> bool:
    if Subscriber.objects.filter(address_key=reader.email).exists():
        return False
    topics = Topic.objects.filter(slug__in=reader.topics, is_active=True).values_list("slug", flat=True)
    # The mail that would carry the link is claimed here, and never sent: these readers have no mailbox.
    with transaction.atomic():
        signups.ask(reader.email, services.Preferences(topics=tuple(topics)), ORIGIN, now)
        while signups.decide(now):
            pass
        asked = SignupRequest.objects.filter(address_key=reader.email, state=SignupState.OPEN).first()
        if asked is None or signups.claim(asked.pk, now) is None:
            return False
        return signups.confirm(asked.pk, ORIGIN, now) is not None
