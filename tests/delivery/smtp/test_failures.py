"""Whatever goes wrong, each message is judged by what certainly happened to it, and no connection holds up another."""

from __future__ import annotations

import itertools
import socket
import time

import pytest

from digest.delivery.outcomes import Result
from digest.delivery.transports.base import IDLE_SECONDS, TransportUnavailable
from tests.delivery.smtp.letters import ACCEPTED, RETURNED, UNKNOWN, Letter, Pile, letters, outcomes, send
from tests.delivery.smtp.server import DEAF, HANG_UP, RESET, SILENCE, Peer, Script, following
from tests.services import free_port

PATIENCE = 0.6
SILENT_TOO = pytest.mark.parametrize("end", [HANG_UP, RESET, SILENCE, "junk", "100 what?"], ids=str)


# A connection that is lost


@SILENT_TOO
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_message_whose_content_was_never_sent_certainly_was_not_accepted(transport_to, stage, end):
    with following({stage: end}, {}) as server:
        results = send(transport_to(server.port, timeout=PATIENCE), letters(2))
    assert outcomes(results) == [RETURNED, ACCEPTED]
    assert results[0].fault == "provider"


@SILENT_TOO
def test_a_message_whose_content_was_sent_and_not_answered_is_unknown(transport_to, end):
    """The one announced behind it was not sent, and is tried again where the connection had worked before."""
    with following({".": ["250 OK", end]}, {}) as server:
        results = send(transport_to(server.port, timeout=PATIENCE), letters(4))
        assert outcomes(results) == [ACCEPTED, UNKNOWN, ACCEPTED, ACCEPTED]
        assert results[1].fault == "provider"
        assert [content.count(b"reader2@") for content in server.contents].count(1) == 1


def test_a_message_on_a_connection_that_never_worked_is_not_tried_twice(transport_to):
    with following({".": HANG_UP}, {}) as server:
        results = send(transport_to(server.port), letters(3))
    assert outcomes(results) == [UNKNOWN, RETURNED, ACCEPTED]


def test_a_message_is_tried_twice_at_most(transport_to):
    dies: Script = {".": ["250 OK", "250 OK", HANG_UP], "MAIL": ["250 OK", "250 OK", HANG_UP]}
    with following(dies, {"MAIL": HANG_UP}, {}) as server:
        results = send(transport_to(server.port), letters(4))
    assert outcomes(results) == [ACCEPTED, ACCEPTED, RETURNED, ACCEPTED]


@pytest.mark.parametrize("end", [HANG_UP, RESET, DEAF], ids=str)
def test_content_that_was_sent_in_part_certainly_was_not_accepted(transport_to, end):
    """More than the buffers on both sides hold: the final dot never left."""
    big = Letter("reader@example.org", octets=30_000_000)
    with following({"inside content": end, "extensions": "PIPELINING"}, {}) as server:
        patience = PATIENCE if end == DEAF else 20
        results = send(transport_to(server.port, timeout=patience), [big, *letters(2)])
    assert outcomes(results) == [RETURNED, RETURNED, ACCEPTED]


def test_a_refusal_in_the_middle_of_the_content_counts_and_ends_the_connection(transport_to):
    big = Letter("reader@example.org", octets=30_000_000)

    def refuse(peer: Peer) -> None:
        peer.sock.sendall(b"552 5.3.4 too big\r\n")
        time.sleep(0.3)

    with following({"inside content": refuse, "extensions": "PIPELINING"}, {}) as server:
        results = send(transport_to(server.port), [big, *letters(2)])
    assert (results[0].outcome, results[0].detail) == ("rejected", "552 5.3.4 too big")
    assert results[2].outcome is ACCEPTED


def test_a_refused_recipient_stays_refused_when_the_server_then_hangs_up(transport_to):
    with following({"RCPT": "550 5.1.1 unknown", "DATA": HANG_UP}, {}) as server:
        results = send(transport_to(server.port), letters(2))
    assert results[0].is_hard_bounce
    assert results[1].outcome is ACCEPTED


def test_a_refusal_and_a_reset_behind_it_are_both_heard(transport_to):
    """The answer waits to be read while writing already fails."""

    def refuse_and_reset(peer: Peer) -> str:
        peer.sock.sendall(b"250 OK\r\n421 4.3.2 shutting down\r\n")
        return RESET

    with following({".": refuse_and_reset}, {}) as server:
        results = send(transport_to(server.port), letters(3))
    assert outcomes(results)[0] in (ACCEPTED, UNKNOWN)  # a reset may overtake the answer
    assert outcomes(results)[2] is ACCEPTED


# 421: the server closes the connection in good order


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "."])
def test_421_returns_the_message_whatever_it_answers(transport_to, stage):
    with following({stage: "421 4.3.2 shutting down"}, {}) as server:
        results = send(transport_to(server.port), letters(3))
    assert outcomes(results)[0] is RETURNED
    assert (results[0].fault, results[0].detail) == ("provider", "421 4.3.2 shutting down")
    assert outcomes(results)[2] is ACCEPTED


def test_421_as_the_answer_to_content_is_no_acceptance_and_what_was_announced_goes_over_another_connection(
    transport_to,
):
    with following({".": ["250 OK", "421 4.7.0 enough for now"]}, {}) as server:
        results = send(transport_to(server.port), letters(4))
    assert outcomes(results) == [ACCEPTED, RETURNED, ACCEPTED, ACCEPTED]


def test_a_server_that_ends_its_sessions_early_costs_nothing(transport_to):
    """As those do that allow so many messages a connection and say so with 421."""
    with following({"MAIL": ["250 OK", "250 OK", "421 4.7.0 too many messages in this session"]}) as server:
        assert outcomes(send(transport_to(server.port), letters(9))) == [ACCEPTED] * 9


# No connection


def unavailable(transport, pile: list[Letter]) -> TransportUnavailable:
    """Why `transport` found no connection; each letter that was drawn had its answer before."""
    drawn, results = Pile(pile), {}
    error = until_it_raises(transport, iter(drawn), results)
    assert isinstance(error, TransportUnavailable)
    assert sorted(results) == drawn.drawn
    assert error.result.outcome is RETURNED
    return error


def until_it_raises(transport, pile, results: dict[int, Result]) -> Exception | None:
    try:
        for key, result in transport.send(pile):
            results[key] = result
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ({"greeting": "554 5.3.2 no service"}, "provider"),
        ({"greeting": "554 5.7.1 your address is blocked"}, "policy"),
        ({"greeting": "421 4.3.2 busy"}, "provider"),
        ({"greeting": SILENCE}, "provider"),
        ({"greeting": HANG_UP}, "provider"),
        ({"greeting": b"SSH-2.0-OpenSSH_9.2\r\n"}, "provider"),
        ({"EHLO": HANG_UP}, "provider"),
        ({"EHLO": "550 go away", "HELO": "550 go away"}, "provider"),
        ({"EHLO": b"250 hello\r\n421 bye\r\n"}, "provider"),
    ],
)
def test_who_is_not_let_in_draws_nothing_and_is_told_why(transport_to, script, fault):
    with following(script) as server:
        pile = Pile(letters(2))
        with pytest.raises(TransportUnavailable) as caught:
            list(transport_to(server.port, timeout=PATIENCE).send(iter(pile)))
    assert (caught.value.result.outcome, caught.value.result.fault) == (RETURNED, fault)
    assert pile.drawn == []


def test_a_server_that_is_not_there_is_the_providers_fault(transport_to):
    assert unavailable(transport_to(free_port()), letters(1)).result.fault == "provider"
    assert unavailable(transport_to(25, host="no-such-host.invalid"), letters(1)).result.fault == "provider"


def test_a_server_that_answers_an_octet_at_a_time_for_ever_is_given_up(transport_to):
    def drip(peer: Peer) -> None:
        while True:
            peer.sock.sendall(b"2")
            time.sleep(0.1)

    with following({"greeting": drip}) as server:
        started = time.monotonic()
        error = unavailable(transport_to(server.port, timeout=PATIENCE), letters(1))
    assert error.result.fault == "provider"
    assert time.monotonic() - started < 2 * PATIENCE + 20


def test_a_server_that_lets_everybody_in_and_nobody_do_anything_is_unavailable(transport_to):
    with following({"MAIL": "421 4.3.2 not now"}) as server:
        error = unavailable(transport_to(server.port, connections=2), letters(50))
        assert len(server.peers) <= 5
    assert error.result.detail == "421 4.3.2 not now"


def test_a_server_that_goes_away_in_the_middle_ends_the_run_with_every_message_answered(transport_to):
    with following({".": ["250 OK", "250 OK", lambda peer: time.sleep(1)]}) as server:
        transport = transport_to(server.port)
        drawn, results = Pile(letters(50)), {}
        transport.idle = server.stop_listening
        assert isinstance(until_it_raises(transport, iter(drawn), results), TransportUnavailable)
    assert outcomes(results) == [ACCEPTED, ACCEPTED, UNKNOWN, RETURNED]
    assert drawn.drawn == [0, 1, 2, 3]


def test_fewer_connections_than_wanted_do_the_work_too(transport_to):
    with following({".": lambda peer: time.sleep(0.02) or "250 OK"}, {"greeting": "421 4.7.0 one is enough"}) as server:
        results = send(transport_to(server.port, connections=4), letters(30))
        assert outcomes(results) == [ACCEPTED] * 30
        assert len(server.peers[0].contents) == 30


# Kept connections


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_that_the_server_closed_meanwhile_is_replaced_silently(transport_to, farewell):
    with following() as server:
        transport = transport_to(server.port)
        send(transport, letters(1))
        server.peers[0].sock.sendall(farewell)
        server.peers[0].sock.shutdown(socket.SHUT_RDWR)
        assert outcomes(send(transport, letters(3))) == [ACCEPTED] * 3
        assert len(server.peers) == 2


@pytest.mark.parametrize("end", [HANG_UP, RESET, SILENCE, "421 4.4.2 idle for too long"], ids=str)
def test_a_kept_connection_that_dies_at_the_first_command_costs_nothing(transport_to, end):
    """The server closes it in the very moment, or a router on the way has forgotten it."""
    with following({"MAIL": ["250 OK", end]}, {}) as server:
        transport = transport_to(server.port, timeout=PATIENCE)
        assert outcomes(send(transport, letters(1))) == [ACCEPTED]
        assert outcomes(send(transport, letters(1))) == [ACCEPTED]
        assert len(server.peers) == 2


# Waiting


def test_a_stuck_connection_blocks_nobody_and_idle_is_called_meanwhile(transport_to):
    stuck: Script = {".": SILENCE}
    with following({".": lambda peer: time.sleep(0.02) or "250 OK"}, stuck, {}) as server:
        transport = transport_to(server.port, connections=2, timeout=1.8)
        times = [time.monotonic()]
        transport.idle = lambda: times.append(time.monotonic())
        arrived = {}
        for key, result in transport.send(iter(Pile(letters(30)))):
            arrived[key] = (result.outcome, time.monotonic() - times[0])
    lost = [at for outcome, at in arrived.values() if outcome is not ACCEPTED]
    assert [outcome for outcome, _ in arrived.values()].count(ACCEPTED) == 28
    assert [outcome for outcome, _ in arrived.values()].count(UNKNOWN) == 1
    assert sum(at < min(lost) for outcome, at in arrived.values() if outcome is ACCEPTED) >= 10
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 2 * IDLE_SECONDS


def test_waiting_for_a_connection_calls_idle_too(transport_to):
    with following({"greeting": lambda peer: time.sleep(1.2) or "220 ready"}) as server:
        transport = transport_to(server.port)
        calls: list[float] = []
        transport.idle = lambda: calls.append(time.monotonic())
        assert outcomes(send(transport, letters(1))) == [ACCEPTED]
    assert len(calls) >= 2


def test_a_slow_server_is_waited_for(transport_to):
    with following({".": lambda peer: time.sleep(0.4) or "250 OK"}) as server:
        assert outcomes(send(transport_to(server.port, timeout=1), letters(4))) == [ACCEPTED] * 4


# The consumer


def test_a_run_that_is_closed_early_leaves_no_connection_with_something_unanswered(transport_to):
    with following({".": ["250 OK", SILENCE]}, {}) as server:
        transport = transport_to(server.port)
        run = transport.send(iter(Pile(letters(5))))
        assert next(run)[1].outcome is ACCEPTED
        run.close()
        server.stop_listening()
        server.wait()
        assert len(server.contents) <= 2


def test_a_transport_whose_run_was_closed_can_send_again(transport_to):
    with following() as server:
        transport = transport_to(server.port)
        run = transport.send(iter(Pile(letters(5))))
        next(run)
        run.close()
        assert outcomes(send(transport, letters(3))) == [ACCEPTED] * 3


def test_a_draw_that_raises_ends_the_run_after_what_is_in_flight_was_answered(transport_to):
    def pile():
        yield 0, Letter("a@example.org")
        yield 1, Letter("b@example.org")
        raise OSError(28, "No space left on device")

    with following() as server:
        results = {}
        assert isinstance(until_it_raises(transport_to(server.port), pile(), results), OSError)
    assert outcomes(results) == [ACCEPTED, ACCEPTED]


def test_idle_that_raises_ends_the_run(transport_to):
    with following({".": SILENCE}) as server:
        transport = transport_to(server.port)
        transport.idle = stop_the_run
        with pytest.raises(RuntimeError, match="database"):
            send(transport, letters(1))


def test_close_never_raises_whatever_state_the_connection_is_in(transport_to):
    transport = transport_to(free_port())
    transport.close()
    with following() as server:
        transport = transport_to(server.port)
        send(transport, letters(1))
    transport.close()
    with following({"greeting": SILENCE}) as server:
        transport = transport_to(server.port)
        transport.idle = stop_the_run
        assert isinstance(until_it_raises(transport, iter(Pile(letters(1))), {}), RuntimeError)
        transport.close()


def stop_the_run() -> None:
    raise RuntimeError("the database is gone")
