"""Takes matched events; gives the ledger rows they are about the states they prove, as the table of states allows.

delivered                  the mailbox has it
bounced                    it came back
rejected, failed           the provider itself gave up
complained                 the reader called it spam
anything else about a sent message settles only that it was accepted
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from anymail.signals import EventType

from digest.models.states import DeliveryState, before
from subscriptions import sql

READING = (EventType.OPENED, EventType.CLICKED)  # what a reader does with a mail is not kept
# In this order, whatever the order they came in: the last one that applies is what the row ends as.
PROOFS: tuple[tuple[DeliveryState, tuple[str, ...]], ...] = (
    (
        DeliveryState.ACCEPTED,
        (
            EventType.QUEUED,
            EventType.SENT,
            EventType.DEFERRED,
            EventType.AUTORESPONDED,
            EventType.UNSUBSCRIBED,
            *READING,
        ),
    ),
    (DeliveryState.DELIVERED, (EventType.DELIVERED,)),
    (DeliveryState.REJECTED, (EventType.REJECTED, EventType.FAILED)),
    (DeliveryState.BOUNCED, (EventType.BOUNCED,)),
    (DeliveryState.COMPLAINED, (EventType.COMPLAINED,)),
)
GOOD = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
# A queued row that was never claimed cannot be what anyone reports of.
_MOVE = """
    UPDATE digest_delivery AS d SET state = %(state)s, updated_at = %(now)s,
        detail = CASE WHEN %(is_good)s = 1 THEN '' ELSE e.description END,
        accepted_at = CASE WHEN %(is_refusal)s = 1 THEN d.accepted_at
            ELSE COALESCE(d.accepted_at, e.occurred_at, e.received_at) END
    FROM digest_providerevent e
    WHERE e.id = ANY(%(ids)s) AND e.kind = ANY(%(kinds)s) AND d.id = e.delivery_id AND d.state = ANY(%(before)s)
        AND (NOT (d.state = 'queued') OR d.claimed_at IS NOT NULL)
"""


def move(event_ids: Sequence[int], kinds: Collection[str], now: datetime) -> None:
    """`kinds` are those that occur among the events. A statement for each state; a row never moves back."""
    for state, proofs in PROOFS:
        if present := [kind for kind in proofs if kind in kinds]:
            sql.change(
                _MOVE,
                ids=event_ids,
                kinds=present,
                state=state.value,
                before=[earlier.value for earlier in before(state)],
                is_good=int(state in GOOD),
                is_refusal=int(state == DeliveryState.REJECTED),
                now=now,
            )
