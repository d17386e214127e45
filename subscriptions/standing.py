"""Takes a reader; gives where they stand with us, and when their next digest comes: one answer, for every page."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from subscriptions.clock import zone_named
from subscriptions.models import Subscriber, SubscriberStatus, Suppression, SuppressionReason


class Standing(StrEnum):
    """The value is what the desk calls it."""

    ACTIVE = "Active"
    LEFT = "Unsubscribed"
    BOUNCED = "Stopped: mail came back"
    COMPLAINED = "Stopped: complained"
    REFUSED = "Stopped: asked never to be written to"
    BY_HAND = "Stopped by hand"

    @property
    def may_come_back(self) -> bool:
        """Whether a fresh confirmation brings digests back; otherwise a person has to lift it."""
        return self in (Standing.LEFT, Standing.BOUNCED)


_SUPPRESSED = {
    SuppressionReason.HARD_BOUNCE: Standing.BOUNCED,
    SuppressionReason.SOFT_BOUNCE: Standing.BOUNCED,
    SuppressionReason.COMPLAINT: Standing.COMPLAINED,
    SuppressionReason.REFUSED: Standing.REFUSED,
    SuppressionReason.MANUAL: Standing.BY_HAND,
}


class Outlook(NamedTuple):
    """`next` is on the reader's own clock, naive: a template would turn an aware one to the server's. None where
    nothing is sent, or where the next digest is being made.
    """

    standing: Standing
    next: datetime | None
    words: str


def standing(subscriber: Subscriber, reason: str | None) -> Standing:
    """By the reason for which the address is suppressed, if it is. What only a person can lift weighs more than that
    the reader left, and that weighs more than mail that came back.
    """
    suppressed = _SUPPRESSED[SuppressionReason(reason)] if reason else Standing.ACTIVE
    if subscriber.status == SubscriberStatus.UNSUBSCRIBED and suppressed in (Standing.ACTIVE, Standing.BOUNCED):
        return Standing.LEFT
    return suppressed


def outlook(subscriber: Subscriber, now: datetime) -> Outlook:
    """What happens to this reader next, as a sentence for them; one query."""
    row = Suppression.objects.filter(address_hash=subscriber.address_hash).values_list("reason", flat=True).first()
    found = standing(subscriber, row)
    if found is not Standing.ACTIVE:
        return Outlook(found, None, _WORDS[found])
    slot = subscriber.next_delivery_at
    if slot is None or slot <= now:
        return Outlook(found, None, f"{_NEXT} as soon as there is an edition for it, as a rule within minutes.")
    local = slot.astimezone(zone_named(subscriber.time_zone)).replace(tzinfo=None)
    return Outlook(found, local, f"{_NEXT} on {local:%A}, {local.day} {local:%B} at {local.hour}:{local:%M}.")


_NEXT = "Your next digest comes"
_ASK = "Only the people who run this site can change that; please write to them."
_WORDS = {
    Standing.LEFT: "You are unsubscribed: nothing is sent. What you choose here is kept for your return.",
    Standing.BOUNCED: "Mail to your address came back, so nothing is sent to it. If it takes mail again, ask for a "
    "link below: once you confirm, digests go on.",
    Standing.COMPLAINED: f"Our mail to you was reported as spam, so nothing is sent any more. {_ASK}",
    Standing.REFUSED: f"You asked never to be written to, so nothing is sent. {_ASK}",
    Standing.BY_HAND: f"The people who run this site have stopped mail to your address. {_ASK}",
}
