"""Groups as RFC 2920 has them, lockstep where the server cannot, and no transaction left open."""

from __future__ import annotations

import time

import pytest

from tests.delivery.smtp.letters import (
    ACCEPTED,
    DEFERRED,
    REJECTED,
    RETURNED,
    Letter,
    Pile,
    letters,
    outcomes,
    send,
)
from tests.delivery.smtp.server import Peer, Script, Slow, following

LOCKSTEP: Script = {"extensions": "SIZE 1000000"}
BOTH = pytest.mark.parametrize("extensions", ["PIPELINING|SIZE 1000000", "SIZE 1000000"], ids=["pipelined", "lockstep"])


def test_a_content_travels_with_the_next_envelope_and_data_ends_the_group(transport_to):
    with following() as server:
        transport = transport_to(server.port)
        pile = letters(3)
        assert outcomes(send(transport, pile)) == [ACCEPTED] * 3
        groups = [chunk for chunk in server.peers[0].chunks if chunk and not chunk.startswith(b"ehlo")]
    sizes = [len(letter.as_bytes()) for letter in pile]
    envelopes = [
        b"MAIL FROM:<digest@example.com> SIZE=%d\r\nRCPT TO:<reader%d@example.org>\r\nDATA\r\n" % (size, number)
        for number, size in enumerate(sizes)
    ]
    assert groups == [
        envelopes[0],
        pile[0].as_bytes() + b".\r\n" + envelopes[1],
        pile[1].as_bytes() + b".\r\n" + envelopes[2],
        pile[2].as_bytes() + b".\r\n",
    ]


def test_a_message_is_drawn_only_when_its_envelope_is_about_to_leave(transport_to):
    """With one connection: one content unanswered and one envelope announced, never more."""
    pile = Pile(letters(6))
    drawn_at_content: list[int] = []

    def look(peer: Peer) -> str:
        drawn_at_content.append(len(pile.drawn))
        return "250 OK"

    with following({".": look}) as server:
        assert len(list(transport_to(server.port).send(iter(pile)))) == 6
    assert drawn_at_content == [2, 3, 4, 5, 6, 6]


def test_a_server_without_pipelining_is_asked_one_thing_at_a_time(transport_to):
    with following(LOCKSTEP) as server:
        assert outcomes(send(transport_to(server.port), letters(2))) == [ACCEPTED] * 2
        chunks = [chunk for chunk in server.peers[0].chunks if chunk]
    commands = [chunk for chunk in chunks if not chunk.endswith(b".\r\n")]
    assert [chunk.count(b"\r\n") for chunk in commands] == [1] * 7
    assert [chunk[:4] for chunk in commands] == [b"ehlo", *[b"MAIL", b"RCPT", b"DATA"] * 2]


@BOTH
@pytest.mark.parametrize(
    ("script", "first", "needs_reset"),
    [
        (
            {"MAIL": ["452 4.3.1 full", "250 OK"], "RCPT": ["503 5.5.1 no", "250 OK"], "DATA": ["503 no", "354 go"]},
            RETURNED,
            1,
        ),
        (
            {"RCPT": ["550 5.1.1 unknown", "250 OK"], "DATA": ["554 5.5.1 no valid recipients", "354 go on"]},
            REJECTED,
            1,
        ),
        ({"DATA": ["451 4.3.0 later", "354 go on"]}, DEFERRED, 1),
        ({"DATA": ["554 5.6.0 never", "354 go on"]}, REJECTED, 1),
        ({".": ["451 4.3.0 later", "250 OK"]}, DEFERRED, 0),
        ({".": ["554 5.6.0 never", "250 OK"]}, REJECTED, 0),
    ],
)
def test_a_refused_message_is_ended_so_that_the_next_one_is_welcome(
    transport_to, extensions, script, first, needs_reset
):
    if extensions.startswith("SIZE"):  # commands after the refused one are not given at all
        script = {**script, **({"RCPT": "250 OK", "DATA": "354 go"} if "MAIL" in script else {})}
        script = {**script, **({"DATA": "354 go on"} if "RCPT" in script and "MAIL" not in script else {})}
    with following({"extensions": extensions, **script}) as server:
        assert outcomes(send(transport_to(server.port), letters(3))) == [first, ACCEPTED, ACCEPTED]
        assert len(server.peers) == 1
        heard = [verb for verb in server.peers[0].heard if verb in ("MAIL", "RSET", ".")]
    assert heard.count("RSET") == needs_reset
    if needs_reset:
        assert heard[:3] == ["MAIL", "RSET", "MAIL"]


def test_a_server_that_asks_for_content_although_nobody_is_to_get_it_hears_a_lone_dot(transport_to):
    script: Script = {"RCPT": ["550 5.1.1 unknown", "250 OK"], ".": ["554 5.5.1 no valid recipients", "250 OK"]}
    with following(script) as server:
        results = send(transport_to(server.port), letters(2))
        assert outcomes(results) == [REJECTED, ACCEPTED]
        assert results[0].is_hard_bounce
        assert server.contents == [b"", letters(2)[1].as_bytes()]


def test_the_first_refusal_counts_and_not_what_follows_from_it(transport_to):
    script: Script = {"RCPT": ["452 4.2.2 full", "250 OK"], "DATA": ["554 5.5.1 no valid recipients", "354 go on"]}
    with following(script) as server:
        results = send(transport_to(server.port), letters(2))
    assert (results[0].outcome, results[0].detail) == (DEFERRED, "452 4.2.2 full")


def test_content_is_never_given_after_the_sender_was_refused(transport_to):
    """A server that refuses MAIL and goes on with DATA is out of its mind."""
    with following({"MAIL": "550 5.7.1 no"}, {}) as server:
        results = send(transport_to(server.port), letters(2))
        assert outcomes(results) == [RETURNED, ACCEPTED]
        assert results[0].fault == "policy"
        assert len(server.contents) == 1


@BOTH
def test_replies_that_come_octet_by_octet_and_in_several_lines_are_understood(transport_to, extensions):
    script: Script = {
        "extensions": extensions,
        "MAIL": Slow("250-fine\r\n250-very\r\n250 fine"),
        "DATA": Slow("354 go on"),
        ".": Slow("250-2.0.0 it is\r\n250 2.0.0 queued as 77"),
    }
    with following(script) as server:
        results = send(transport_to(server.port), letters(3))
        assert outcomes(results) == [ACCEPTED] * 3
    assert {result.provider_message_id for result in results.values()} == {"77"}


def test_connections_are_as_many_as_there_are_messages_for(transport_to):
    def answer_late(peer: Peer) -> str:
        time.sleep(0.05)
        return "250 OK"

    with following({".": answer_late}) as server:
        send(transport_to(server.port, connections=3), letters(1))
        assert len(server.peers) == 1
        send(transport_to(server.port, connections=3), letters(40))
        assert len(server.peers) == 1 + 3


def test_a_connection_is_replaced_after_its_share_of_messages(transport_to):
    with following() as server:
        results = send(transport_to(server.port, messages_per_connection=3), letters(8))
        assert outcomes(results) == [ACCEPTED] * 8
        server.stop_listening()
        assert [len(peer.contents) for peer in server.peers] == [3, 3, 2]
        assert server.peers[0].heard[-1] == "QUIT"


def test_connections_are_kept_for_the_next_run_and_closed_in_good_order(transport_to):
    with following() as server:
        transport = transport_to(server.port)
        assert outcomes(send(transport, letters(2))) == [ACCEPTED] * 2
        assert outcomes(send(transport, letters(2))) == [ACCEPTED] * 2
        transport.close()
        transport.close()
        server.wait()
        assert [peer.heard.count("MAIL") for peer in server.peers] == [4]
        assert server.peers[0].heard[-1] == "QUIT"


def test_a_large_message_goes_in_as_many_pieces_as_the_kernel_takes(transport_to):
    pile = [
        Letter("a@example.org", octets=3_000_000),
        Letter("b@example.org"),
        Letter("c@example.org", octets=3_000_000),
    ]
    with following({"extensions": "PIPELINING"}) as server:
        assert outcomes(send(transport_to(server.port, timeout=20), pile)) == [ACCEPTED] * 3
        assert server.contents == [letter.as_bytes() for letter in pile]
