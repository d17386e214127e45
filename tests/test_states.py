"""The table of a delivery's states: whole, drawn as it is, and the only moves the ledger ever makes."""

from __future__ import annotations

import re

import pytest

from digest.delivery import checks
from digest.models import DeliveryState
from digest.models import states as table
from digest.models.states import MOVES, TERMINAL_STATES, before
from tests.services import PROJECT


def test_the_table_is_whole():
    assert list(table.faults()) == []
    assert not list(checks.states(None))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({state: moves for state, moves in MOVES.items() if state != "bounced"}, "bounced has no moves declared"),
        ({**MOVES, DeliveryState.SKIPPED: frozenset({DeliveryState.SKIPPED})}, "skipped may become itself"),
        ({**MOVES, DeliveryState.QUEUED: frozenset({DeliveryState.CLAIMED})}, "skipped cannot be reached from queued"),
        ({**MOVES, DeliveryState.CLAIMED: frozenset({DeliveryState.QUEUED})}, "claimed never ends"),
    ],
)
def test_a_hole_in_the_table_stops_the_start(monkeypatch, broken, fault):
    monkeypatch.setattr(table, "MOVES", broken)
    assert fault in list(table.faults())
    assert any(fault in error.msg for error in checks.states(None))


def test_what_may_precede_a_state_is_read_off_the_table():
    assert before(DeliveryState.CLAIMED) == [DeliveryState.QUEUED]
    assert before(DeliveryState.UNKNOWN) == [DeliveryState.QUEUED, DeliveryState.CLAIMED]


def test_the_docs_draw_the_table_as_it_is():
    text = (PROJECT / "docs" / "architecture.md").read_text()
    drawn = dict(re.findall(r"^    ([a-z]+) +(?:-> ([a-z ]+)|\.)$", text, re.MULTILINE))
    assert {state: set(moves.split()) for state, moves in drawn.items()} == {
        state.value: {move.value for move in moves} for state, moves in MOVES.items()
    }
    assert {state for state, moves in drawn.items() if not moves} <= {state.value for state in TERMINAL_STATES}
