"""Reads that several edges share: who is due, which topics there are, whose link this is."""

from datetime import datetime

from django.db.models import QuerySet

from subscriptions import links, tokens
from subscriptions.models import SignupRequest, Subscriber, SubscriberQuerySet, Topic
from subscriptions.tokens import Purpose


def due(now: datetime) -> SubscriberQuerySet:
    """Readers whose slot has come and who may be written to, longest waiting first."""
    return Subscriber.objects.mailable().filter(next_delivery_at__lte=now).order_by("next_delivery_at", "id")


def active_topics() -> QuerySet[Topic]:
    """The topics a reader can choose, in the order they are shown."""
    return Topic.objects.filter(is_active=True)


def holder(purpose: Purpose, token: str) -> Subscriber | None:
    """Whom a link belongs to; None for a forged token and for a subscriber who no longer exists."""
    number = tokens.read(purpose, token)
    return Subscriber.objects.filter(pk=number).first() if number is not None else None


def holder_of_data(token: str) -> Subscriber | None:
    """Whose data a link opens; None for one that is forged or too old, and for whoever is erased."""
    number = links.reader_of_data_link(token)
    return Subscriber.objects.filter(pk=number).first() if number is not None else None


def request_of(purpose: Purpose, token: str) -> SignupRequest | None:
    """The sign-up that a link is about; None for a forged token and for what is forgotten."""
    number = tokens.read(purpose, token)
    return SignupRequest.objects.filter(pk=number).first() if number is not None else None
