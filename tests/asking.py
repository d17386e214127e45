"""Somebody asks to become a reader, as tests tell it: the services, in the order that the edges call them."""

from __future__ import annotations

from datetime import datetime

from subscriptions import signups
from subscriptions.models import SignupRequest, SignupState, Subscriber
from subscriptions.services import Origin, Preferences
from tests.factories import NOW

ORIGIN = Origin("form", "192.0.2.7", "Browser", "I agree", "1")


def ask(email: str = "ada@example.org", now: datetime = NOW, preferences: Preferences | None = None) -> None:
    """It is stored and decided about."""
    signups.ask(email, preferences or Preferences(), ORIGIN, now)
    signups.decide(now)


def mailed(
    email: str = "ada@example.org", now: datetime = NOW, preferences: Preferences | None = None
) -> SignupRequest | None:
    """The request if its mail leaves now."""
    ask(email, now, preferences)
    request = SignupRequest.objects.filter(state=SignupState.OPEN, address_key=email.lower()).first()
    if request is None or signups.claim(request.pk, now) is None:
        return None
    request.refresh_from_db()
    return request


def confirmed(
    email: str = "ada@example.org", now: datetime = NOW, preferences: Preferences | None = None
) -> Subscriber:
    request = mailed(email, now, preferences)
    assert request
    reader = signups.confirm(request.pk, ORIGIN, now)
    assert reader
    return reader
