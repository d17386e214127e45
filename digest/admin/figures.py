"""How many of an edition's deliveries are in which state, in the order an operator asks."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.safestring import SafeString

from digest.admin import dashboard
from digest.admin.deliveries import state_chip
from digest.models import DeliveryState

# Always counted, as a zero is news too; the others only while there are any.
COUNTED = [
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.BOUNCED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
    DeliveryState.SKIPPED,
]


class Figure(NamedTuple):
    """How many of an edition's deliveries are in a state."""

    state: DeliveryState
    number: int
    chip: SafeString


def figures(edition_id: int) -> tuple[int, list[Figure]]:
    """How many were planned, and what became of them. One query along the index (edition, state)."""
    counts = {DeliveryState(state): count for state, count in dashboard.delivery_counts([edition_id])[edition_id]}
    shown = [*COUNTED, *(state for state in DeliveryState if state not in COUNTED and state in counts)]
    found = [Figure(state, counts.get(state, 0), state_chip(state)) for state in shown]
    return sum(counts.values()), found
