"""Django's own SMTP backend through the transport: each reply is judged, and doubt is only where content has left."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.core.mail import get_connection

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import TransportUnavailable
from digest.delivery.transports.backends import BackendTransport
from tests.delivery.anymail.messages import TEXT, FakeMessage, messages, only, outcomes
from tests.delivery.conftest import Mailbox
from tests.services import free_port

Verdict = tuple[Outcome, Fault]
ACCEPTED = (Outcome.ACCEPTED, Fault.MESSAGE)
REFUSED = (Outcome.REJECTED, Fault.MESSAGE)
LATER = (Outcome.DEFERRED, Fault.MESSAGE)
POLICY = (Outcome.DEFERRED, Fault.POLICY)
SHUT_OUT = (Outcome.RETURNED, Fault.CREDENTIALS)
BLOCKED = (Outcome.RETURNED, Fault.POLICY)
BUSY = (Outcome.RETURNED, Fault.PROVIDER)
IN_DOUBT = (Outcome.UNKNOWN, Fault.PROVIDER)


def verdict(result: Result) -> Verdict:
    return result.outcome, result.fault


@contextmanager
def smtp(port: int, timeout: float = 2) -> Iterator[BackendTransport]:
    name = "django.core.mail.backends.smtp.EmailBackend"
    transport = BackendTransport(lambda: get_connection(name, host="127.0.0.1", port=port, timeout=timeout))
    try:
        yield transport
    finally:
        transport.close()


Script = dict[str, str | None]


@contextmanager
def scripted_server(*scripts: Script) -> Iterator[tuple[int, list[str]]]:
    """An SMTP server that follows one script for each connection, the last one for all later ones.

    A script gives replies by verb ("MAIL", "RCPT", "DATA", "." for the end of the content); None hangs up there.
    Yields its port and the list of verbs it has seen.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []

    def serve() -> None:
        number = 0
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                script = scripts[min(number, len(scripts) - 1)]
                number += 1
                with peer, suppress(OSError):
                    converse(peer, script)

    def converse(peer: socket.socket, script: Script) -> None:
        lines = peer.makefile("rb")
        peer.sendall(b"220 ready\r\n")
        is_content = False
        while line := lines.readline():
            verb = line.strip().upper().split(b" ")[0].split(b":")[0].decode()
            if is_content and verb != ".":
                continue
            is_content = False
            seen.append(verb)
            reply = script.get(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 OK"))
            if reply is None:
                return
            is_content = reply.startswith("354")
            peer.sendall(reply.encode() + b"\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({}, ACCEPTED),
        ({"RCPT": "550 5.1.1 no such user"}, REFUSED),
        ({"RCPT": "550 who?"}, REFUSED),
        ({"RCPT": "550 5.7.1 blocked"}, POLICY),
        ({"RCPT": "451 4.7.1 greylisted"}, LATER),
        ({"RCPT": "451 4.7.1 too many from you"}, POLICY),
        ({"RCPT": "452 4.2.2 full"}, LATER),
        ({"RCPT": "552 5.2.2 full"}, LATER),
        ({"DATA": "451 4.3.0 later"}, LATER),
        ({".": "550 5.7.1 spam"}, POLICY),
        ({".": "554 5.6.0 malformed"}, REFUSED),
        ({"MAIL": "552 5.3.4 too big"}, REFUSED),
        ({"MAIL": "530 5.7.0 authenticate first"}, SHUT_OUT),
        ({"MAIL": "550 5.1.8 bad sender"}, BLOCKED),
        ({"MAIL": "451 4.3.0 later"}, BUSY),
        ({"RCPT": "421 4.3.2 shutting down"}, BUSY),
        ({"MAIL": None}, BUSY),
        ({"RCPT": None}, BUSY),
        ({"DATA": None}, BUSY),
        ({".": None}, IN_DOUBT),
    ],
)
def test_a_reply_is_judged_by_its_code_and_its_place(script: Script, expected: Verdict) -> None:
    with scripted_server(script) as (port, _), smtp(port) as transport:
        assert verdict(only(transport.send(messages(1)))) == expected


def test_a_server_that_knows_none_of_many_readers_is_asked_about_each() -> None:
    with scripted_server({"RCPT": "550 no such user"}) as (port, _), smtp(port) as transport:
        assert list(outcomes(transport.send(messages(9))).values()) == [Outcome.REJECTED] * 9


@pytest.mark.parametrize(("code", "is_hard"), [("5.1.1", True), ("5.1.10", True), ("5.7.1", False), ("5.2.1", False)])
def test_a_mailbox_that_does_not_exist_is_a_hard_bounce(code: str, is_hard: bool) -> None:
    with scripted_server({"RCPT": f"550 {code} no"}) as (port, _), smtp(port) as transport:
        assert only(transport.send(messages(1))).is_hard_bounce is is_hard


def test_silence_after_the_content_is_doubt_and_before_it_is_not() -> None:
    for silent, expected in (("RCPT", BUSY), (".", IN_DOUBT)):
        # An empty line is no reply: smtplib waits on.
        with scripted_server({silent: "250-"}) as (port, _), smtp(port, timeout=0.3) as transport:
            assert verdict(only(transport.send(messages(1)))) == expected


def test_a_refused_message_leaves_no_transaction_open_for_the_next() -> None:
    for script in ({"DATA": "451 4.3.0 later"}, {"RCPT": "550 5.1.1 no"}):
        with scripted_server(script, {}) as (port, seen), smtp(port) as transport:
            assert Outcome.ACCEPTED not in outcomes(transport.send(messages(1))).values()
            (refused_at,) = script
            assert seen[seen.index(refused_at) + 1] in ("RSET", "QUIT")


def test_one_connection_serves_all_messages_of_all_sendings() -> None:
    with scripted_server({}) as (port, seen), smtp(port) as transport:
        for _ in range(2):
            assert set(outcomes(transport.send(messages(5))).values()) == {Outcome.ACCEPTED}
    assert seen.count("EHLO") == 1


class Twice(dict[str, str | None]):
    """Takes one message, and then says `second` to MAIL."""

    def __init__(self, second: str | None) -> None:
        self.replies = iter(["250 OK", second])

    def get(self, verb: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return next(self.replies) if verb == "MAIL" else default


@pytest.mark.parametrize("second", ["421 4.7.0 too many messages", None])
def test_a_server_that_has_enough_of_a_connection_gets_the_message_over_a_new_one(second: str | None) -> None:
    with scripted_server(Twice(second), {}) as (port, seen), smtp(port) as transport:
        assert set(outcomes(transport.send(messages(4))).values()) == {Outcome.ACCEPTED}
    assert (seen.count("."), seen.count("EHLO")) == (4, 2)


def test_no_server_is_told_before_anything_is_drawn() -> None:
    waiting = messages(3)
    with smtp(free_port()) as transport, pytest.raises(TransportUnavailable, match="refused") as caught:
        list(transport.send(waiting))
    assert verdict(caught.value.result) == BUSY
    assert len(list(waiting)) == 3


def test_a_server_that_fails_twice_in_a_row_is_given_no_more() -> None:
    waiting = messages(10)
    with scripted_server({".": None}) as (port, _), smtp(port) as transport:
        assert list(outcomes(transport.send(waiting)).values()) == [Outcome.UNKNOWN] * 2
    assert len(list(waiting)) == 8


def test_an_address_that_no_server_can_be_told_is_refused_and_the_next_goes_out() -> None:
    jobs = [(1, FakeMessage("a@example.org\nBcc: b@example.org")), (2, FakeMessage("c@example.org"))]
    with scripted_server({}) as (port, _), smtp(port) as transport:
        assert outcomes(transport.send(iter(jobs))) == {1: Outcome.REJECTED, 2: Outcome.ACCEPTED}


def test_lines_that_begin_with_a_dot_arrive_as_they_were(mailbox: Mailbox, settings: object) -> None:
    transport = BackendTransport()
    text = ".\n..two\n" + TEXT
    assert only(transport.send(iter([(1, FakeMessage(text=text))]))).outcome is Outcome.ACCEPTED
    transport.close()
    ((_, content),) = mailbox.received
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == text
