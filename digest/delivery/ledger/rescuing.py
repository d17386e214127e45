"""Takes claims whose worker is gone; gives them an honest state: unknown.

What is unknown is sent again only if the operator says so, or if the provider knows it by its key and takes it once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from digest.delivery.ledger.conditions import WAS_IN_DOUBT
from digest.delivery.ledger.recording import BACK_OFF
from digest.models import Lease
from subscriptions import sql

# A provider's event can still tell what became of an unknown message; most arrive within minutes.
GRACE = timedelta(hours=1)
# No live run leaves a claim this long unanswered: it hands back what it has not drawn in time, and no answer is
# waited for longer than a message may take.
DEADLINE = timedelta(minutes=10)
# Where the provider keeps a key it is asked again after a while, and no more when it may be about to forget.
SOON = timedelta(minutes=2)
MARGIN = timedelta(minutes=5)

_RESCUE = """
    UPDATE digest_delivery SET state = 'unknown', updated_at = %(now)s,
        detail = 'The worker was gone before it could record an answer'
    WHERE state = 'claimed' AND claimed_at < %(deadline)s
"""
_RESEND = """
    UPDATE digest_delivery SET state = 'queued', due_at = %(now)s, attempts = attempts + 1, detail = %(in_doubt)s,
        updated_at = %(now)s
    WHERE state = 'unknown' AND claimed_at < %(grace)s AND created_at > %(oldest)s AND attempts < %(most)s
        AND subscriber_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM digest_delivery other
            WHERE other.subscriber_id = digest_delivery.subscriber_id AND other.state IN ('queued', 'claimed'))
        AND NOT EXISTS (SELECT 1 FROM digest_delivery newer WHERE newer.subscriber_id = digest_delivery.subscriber_id
            AND newer.state = 'unknown' AND newer.id > digest_delivery.id)
"""


def rescue(now: datetime, key_kept: timedelta | None = None) -> int:
    """Claims older than any live run's become unknown, never queued. Gives how many.

    `key_kept` is how long the provider knows a message by the key we gave it: for so long it is asked again, since it
    takes each message once.

    With UNKNOWN_DELIVERIES=resend, what is still unknown after an hour is queued for another attempt, which may give
    a reader the same digest twice; after LATE_DELIVERY_HOURS it is left alone.
    """
    Lease.objects.filter(until__lt=now).delete()
    rescued = sql.change(_RESCUE, now=now, deadline=now - DEADLINE)
    if settings.UNKNOWN_DELIVERIES == "resend":
        _resend(now, GRACE, timedelta(hours=settings.LATE_DELIVERY_HOURS))
    if key_kept:
        _resend(now, SOON, key_kept - MARGIN)
    return rescued


def _resend(now: datetime, grace: timedelta, oldest: timedelta) -> None:
    try:
        sql.change(_RESEND, now=now, grace=now - grace, oldest=now - oldest, most=len(BACK_OFF), in_doubt=WAS_IN_DOUBT)
    except IntegrityError:
        # One of these readers was planned a newer edition in this very moment: the next tick takes the others.
        return
