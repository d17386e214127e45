"""The states of a delivery and the moves between them: one table, which the ledger, the events and the docs go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import models


class DeliveryState(models.TextChoices):
    """Where a message is. `skipped` ends a row for which nothing may or need be sent."""

    QUEUED = "queued", "Queued"
    CLAIMED = "claimed", "Claimed"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    UNKNOWN = "unknown", "Unknown"
    SKIPPED = "skipped", "Skipped"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"


_EVENTS = (DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)
# Events can overtake our own record of the answer, and a message that is queued again after it was in doubt may turn
# out to have arrived: hence the moves from queued, claimed and unknown to what a provider tells.
MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset(
        (
            DeliveryState.CLAIMED,
            DeliveryState.SKIPPED,
            DeliveryState.UNKNOWN,  # it was in doubt before it was queued again, and is not to be sent any more
            DeliveryState.ACCEPTED,
            DeliveryState.REJECTED,
            *_EVENTS,
        )
    ),
    DeliveryState.CLAIMED: frozenset(
        (DeliveryState.QUEUED, DeliveryState.ACCEPTED, DeliveryState.REJECTED, DeliveryState.UNKNOWN, *_EVENTS)
    ),
    DeliveryState.UNKNOWN: frozenset((DeliveryState.QUEUED, DeliveryState.ACCEPTED, DeliveryState.REJECTED, *_EVENTS)),
    DeliveryState.ACCEPTED: frozenset((DeliveryState.REJECTED, *_EVENTS)),
    DeliveryState.DELIVERED: frozenset((DeliveryState.BOUNCED, DeliveryState.COMPLAINED)),
    DeliveryState.BOUNCED: frozenset((DeliveryState.COMPLAINED,)),
    DeliveryState.COMPLAINED: frozenset(),
    # A person's decision, never a worker's: nothing was accepted, and whoever can still get it is sent it after all
    # (digest/delivery/ledger/reopening.py).
    DeliveryState.REJECTED: frozenset((DeliveryState.QUEUED,)),
    DeliveryState.SKIPPED: frozenset((DeliveryState.QUEUED,)),
}

OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.CLAIMED)
TERMINAL_STATES = tuple(state for state in DeliveryState if state not in OPEN_STATES)
# Whose papers the reader has, or may have, received: they are not sent again.
REMEMBERED_STATES = tuple(
    state
    for state in DeliveryState
    if state not in (DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.SKIPPED)
)


def before(state: DeliveryState) -> list[DeliveryState]:
    """The states from which a row may become `state`, in the order they are declared."""
    return [earlier for earlier in DeliveryState if state in MOVES[earlier]]


def faults() -> Iterator[str]:
    """What is wrong with the table, in words: a state without a line, out of reach, or an open one without an end."""
    for state in DeliveryState:
        if state not in MOVES:
            yield f"{state} has no moves declared"
        elif state in MOVES[state]:
            yield f"{state} may become itself"
    reachable, pending = {DeliveryState.QUEUED}, [DeliveryState.QUEUED]
    while pending:
        new = MOVES.get(pending.pop(), frozenset()) - reachable
        reachable |= new
        pending += new
    for state in set(DeliveryState) - reachable:
        yield f"{state} cannot be reached from queued"
    for state in OPEN_STATES:
        if not MOVES.get(state, frozenset()) & set(TERMINAL_STATES):
            yield f"{state} never ends"
