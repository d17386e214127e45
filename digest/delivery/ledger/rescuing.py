"""Takes claims whose worker is gone; gives them an honest state: unknown, sent again only if the operator says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from digest.models import Delivery, DeliveryState

# A provider's event can still tell what became of an unknown message; most arrive within minutes.
GRACE = timedelta(hours=1)
MARGIN = timedelta(minutes=1)


def rescue(now: datetime) -> int:
    """Claims older than any live worker's become unknown, never queued. Returns how many.

    With UNKNOWN_DELIVERIES=resend, what is still unknown after an hour is queued for another attempt, which may give
    a reader the same digest twice; after LATE_DELIVERY_HOURS it is left alone.
    """
    oldest_live = now - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT) - MARGIN
    rescued = Delivery.objects.filter(state=DeliveryState.CLAIMED, claimed_at__lt=oldest_live).update(
        state=DeliveryState.UNKNOWN,
        detail="The worker was gone before it could record an answer",
        lease=None,
        leased_until=None,
        updated_at=now,
    )
    if settings.UNKNOWN_DELIVERIES == "resend":
        _resend(now)
    return rescued


def _resend(now: datetime) -> None:
    unresolved = Delivery.objects.filter(
        state=DeliveryState.UNKNOWN,
        claimed_at__lt=now - GRACE,
        claimed_at__gt=now - timedelta(hours=settings.LATE_DELIVERY_HOURS),
        attempts__lt=settings.DELIVERY_MAX_ATTEMPTS,
        subscriber__isnull=False,
    )
    unresolved.update(state=DeliveryState.QUEUED, due_at=now, claimed_at=None, selection=[], updated_at=now)
