"""Reads that several edges share: who is due, which topics there are, whose link this is."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from subscriptions import tokens
from subscriptions.models import Subscriber, SubscriberQuerySet, SubscriberStatus, Topic
from subscriptions.tokens import Purpose, TokenData


def due(now: datetime) -> SubscriberQuerySet:
    """Readers whose slot has come and who may be written to, longest waiting first."""
    return Subscriber.objects.mailable().filter(next_delivery_at__lte=now).order_by("next_delivery_at", "id")


def active_topics() -> QuerySet[Topic]:
    """The topics a reader can choose, in the order they are shown."""
    return Topic.objects.filter(is_active=True)


def pending_confirmations() -> SubscriberQuerySet:
    """Readers who asked and whose confirmation mail has not left."""
    return Subscriber.objects.filter(status=SubscriberStatus.PENDING, confirmation_sent_at=None).order_by("id")


def holder(purpose: Purpose, token: str) -> tuple[Subscriber, TokenData] | None:
    """Whom a link belongs to; None for a forged token and for a subscriber who no longer exists."""
    token_data = tokens.read(purpose, token)
    if token_data is None:
        return None
    subscriber = Subscriber.objects.filter(pk=token_data.subscriber_id).first()
    return (subscriber, token_data) if subscriber else None


def is_confirmable(subscriber: Subscriber, token_data: TokenData, now: datetime) -> bool:
    """Whether this confirmation link is of the current round, unused and not too old."""
    return (
        subscriber.status == SubscriberStatus.PENDING
        and subscriber.opt_in_round == token_data.opt_in_round
        and subscriber.confirmation_sent_at is not None
        and subscriber.confirmation_sent_at >= confirmations_valid_since(now)
    )


def confirmations_valid_since(now: datetime) -> datetime:
    """Confirmation mails sent before this have expired."""
    return now - timedelta(days=settings.CONFIRMATION_DAYS)
