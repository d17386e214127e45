"""No content leaves before it was said that it may, and answers come first."""

from __future__ import annotations

import threading
import time

import pytest

from digest.delivery.transports.base import Transport
from digest.delivery.transports.smtp.transport import MAX_FRUITLESS
from tests.delivery.smtp.letters import Pile, letters
from tests.delivery.smtp.server import Peer, following

EXTENSIONS = pytest.mark.parametrize("extensions", ["PIPELINING", "SIZE 99999999"], ids=["pipelined", "lockstep"])


@EXTENSIONS
def test_every_content_is_asked_for_once_after_the_answer_before_it(transport_to, extensions):
    steps: list[tuple[str, int]] = []
    with following({"extensions": extensions}) as server:
        transport = transport_to(server.port, connections=1)
        transport.may_leave = lambda keys: steps.extend(("leaves", key) for key in keys) is None
        for key, _ in transport.send(iter(Pile(letters(4)))):
            steps.append(("answered", key))
    assert steps == [(step, key) for key in range(4) for step in ("leaves", "answered")]


@EXTENSIONS
def test_what_may_not_leave_stays_and_was_never_answered(transport_to, extensions):
    with following({"extensions": extensions}, {"extensions": extensions}) as server:
        transport = transport_to(server.port, connections=1)
        transport.may_leave = lambda keys: len(server.contents) < 2
        assert answered(transport) == [0, 1]
        assert len(server.contents) == 2
        transport.may_leave = lambda keys: True
        assert answered(transport) == [0, 1, 2, 3]
        assert len(server.contents) == 6


def test_taking_back_what_was_announced_on_new_connections_is_no_fault_of_the_server(transport_to):
    """It would pause every worker, because one of them was asked to end."""
    all_there = threading.Barrier(1 + MAX_FRUITLESS)

    def ask_for_content(peer: Peer) -> str:
        if peer.name > 0:
            all_there.wait(5)
        return "354 go on"

    def answer_last(peer: Peer) -> str:
        all_there.wait(5)
        time.sleep(0.3)
        return "250 OK"

    with following({"DATA": ask_for_content, ".": answer_last}) as server:
        transport = transport_to(server.port, connections=1 + MAX_FRUITLESS, timeout=6)
        transport.may_leave = lambda keys: 0 in keys
        assert [key for key, _ in transport.send(iter(Pile(letters(50))))] == [0]
        assert len(server.peers) == 1 + MAX_FRUITLESS


def test_contents_that_cannot_be_noted_do_not_leave_and_the_run_ends_with_the_reason(transport_to):
    def full(_: object) -> bool:
        raise OSError(28, "No space left on device")

    with following() as server:
        transport = transport_to(server.port)
        transport.may_leave = full
        with pytest.raises(OSError, match="No space"):
            answered(transport)
        assert server.contents == []


def answered(transport: Transport) -> list[int]:
    return sorted(key for key, _ in transport.send(iter(Pile(letters(4)))))
