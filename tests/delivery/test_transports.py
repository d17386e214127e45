"""What each fault of a provider means for the message: refused, try again, or in doubt."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailInvalidAddress
from django.core.mail import EmailMessage, get_connection

from digest.delivery.outcomes import Outcome
from digest.delivery.transports import AnymailTransport, TransportUnavailable
from digest.delivery.transports.faults import result_of
from tests.services import free_port

ACCEPTED, REJECTED, REQUEUE, UNKNOWN = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.REQUEUE, Outcome.UNKNOWN


def message(to: str = "reader@example.org") -> EmailMessage:
    return EmailMessage("Papers", "Three of them.", "digest@example.com", [to])


def outcomes(transport: AnymailTransport, *to: str) -> list[Outcome]:
    try:
        return [result.outcome for result in transport.send([message(each) for each in to])]
    finally:
        transport.close()


# SMTP


def smtp(port: int) -> AnymailTransport:
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port, timeout=2)
    return AnymailTransport(backend)


@contextmanager
def scripted_server(*connections: dict[str, str | None]) -> Iterator[tuple[int, list[str]]]:
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
                script = connections[min(number, len(connections) - 1)]
                number += 1
                with peer, suppress(OSError):
                    converse(peer, script)

    def converse(peer: socket.socket, script: dict[str, str | None]) -> None:
        lines = peer.makefile("rb")
        peer.sendall(b"220 ready\r\n")
        content = False
        while line := lines.readline():
            verb = line.strip().upper().split(b" ")[0].split(b":")[0].decode()
            if content and verb != ".":
                continue
            content = False
            seen.append(verb)
            reply = script.get(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 OK"))
            if reply is None:
                return
            content = reply.startswith("354")
            peer.sendall(reply.encode() + b"\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({}, ACCEPTED),
        ({"RCPT": "550 5.1.1 no such user"}, REJECTED),
        ({"RCPT": "451 4.7.1 greylisted"}, REQUEUE),
        ({"DATA": "554 5.7.1 no"}, REJECTED),
        ({"DATA": "451 4.3.0 later"}, REQUEUE),
        ({".": "550 5.7.1 spam"}, REJECTED),
        ({".": "452 4.2.2 full"}, REQUEUE),
        ({"MAIL": "552 5.3.4 too big"}, REJECTED),
        ({"MAIL": "530 5.7.0 authenticate first"}, REQUEUE),
        ({"MAIL": None}, REQUEUE),
        ({"RCPT": None}, REQUEUE),
        ({"RCPT": "421 4.3.2 shutting down"}, REQUEUE),
        ({".": None}, UNKNOWN),
    ],
)
def test_smtp_answers(script, expected):
    with scripted_server(script) as (port, _):
        assert outcomes(smtp(port), "a@example.org") == [expected]


def test_smtp_silence_after_the_content_is_doubt_and_before_it_is_not():
    for silent_verb, expected in (("RCPT", REQUEUE), (".", UNKNOWN)):
        with scripted_server({silent_verb: ""}) as (port, _):  # an empty line is no reply: smtplib waits on
            transport = smtp(port)
            transport._backend.timeout = 0.3
            assert outcomes(transport, "a@example.org") == [expected]


def test_a_connection_that_died_before_the_content_is_replaced_and_the_message_sent_once():
    with scripted_server({"MAIL": None}, {}) as (port, seen):
        assert outcomes(smtp(port), "a@example.org") == [ACCEPTED]
    assert seen.count(".") == 1


def test_after_doubt_the_next_message_gets_a_new_connection():
    with scripted_server({".": None}, {}) as (port, seen):
        assert outcomes(smtp(port), "a@example.org", "b@example.org") == [UNKNOWN, ACCEPTED]
    assert seen.count(".") == 2


def test_one_connection_serves_all_messages():
    with scripted_server({}) as (port, seen):
        assert outcomes(smtp(port), *["a@example.org"] * 5) == [ACCEPTED] * 5
    assert seen.count("EHLO") == 1


def test_no_server_is_told_at_opening():
    transport = smtp(free_port())
    with pytest.raises(TransportUnavailable, match="refused"):
        transport.open()
    (result,) = transport.send([message()])
    assert (result.outcome, result.stop) == (REQUEUE, True)


def test_an_address_that_cannot_be_sent_to_is_refused_and_the_next_goes_out():
    with scripted_server({}) as (port, _):
        assert outcomes(smtp(port), "a@example.org\nBcc: b@example.org", "c@example.org") == [REJECTED, ACCEPTED]


# An HTTP API, spoken to through Anymail's Postmark backend


@contextmanager
def api(status: int, body: object = None, *, hang_up: bool = False, delay: threading.Event | None = None):
    """The URL of an API on loopback that answers every request the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if delay is not None:
                delay.wait(3)
            if hang_up:
                self.close_connection = True
                return
            content = json.dumps(body or {"ErrorCode": 1, "Message": "as told"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        if delay is not None:
            delay.set()
        server.shutdown()
        server.server_close()
        thread.join(2)


def postmark(url: str, timeout: float = 5) -> AnymailTransport:
    backend = get_connection(
        "anymail.backends.postmark.EmailBackend", api_url=url, server_token="token", timeout=timeout
    )
    return AnymailTransport(backend)


def only_result(transport: AnymailTransport):
    (result,) = transport.send([message()])
    transport.close()
    return result


def test_an_accepted_message_keeps_the_providers_id():
    taken = {"ErrorCode": 0, "Message": "OK", "MessageID": "id-7", "To": "reader@example.org"}
    with api(200, taken) as url:
        result = only_result(postmark(url))
    assert (result.outcome, result.provider_message_id) == (ACCEPTED, "id-7")


@pytest.mark.parametrize(
    ("status", "expected", "stop"),
    [
        (400, REJECTED, False),
        (422, REJECTED, False),
        (401, REQUEUE, True),
        (403, REQUEUE, True),
        (429, REQUEUE, True),
        (500, UNKNOWN, False),
        (502, UNKNOWN, False),
        (200, UNKNOWN, False),  # an answer that cannot be read: the message may well be under way
    ],
)
def test_http_statuses(status, expected, stop):
    with api(status, {"ErrorCode": 300, "Message": "Not what is documented"}) as url:
        result = only_result(postmark(url))
    assert (result.outcome, result.stop) == (expected, stop)


def test_a_provider_that_refuses_the_recipient_says_so_in_its_answer():
    words = "You tried to send to recipients that have been marked as inactive. Found inactive addresses: "
    with api(422, {"ErrorCode": 406, "Message": words + "reader@example.org. Inactive recipients are ones"}) as url:
        assert only_result(postmark(url)).outcome == REJECTED


def test_a_read_that_times_out_is_doubt():
    with api(200, delay=threading.Event()) as url:
        assert only_result(postmark(url, timeout=0.2)).outcome == UNKNOWN


def test_an_api_that_hangs_up_is_doubt():
    with api(200, hang_up=True) as url:
        assert only_result(postmark(url)).outcome == UNKNOWN


def test_an_api_that_cannot_be_reached_is_not():
    result = only_result(postmark(f"http://127.0.0.1:{free_port()}/"))
    assert (result.outcome, result.stop) == (REQUEUE, True)


# Exceptions of libraries that are not installed here, or faults that are hard to provoke


class ClientError(Exception):
    """Shaped like botocore's."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


class EndpointConnectionError(Exception):
    """Named like botocore's."""


def ses(cause: Exception) -> AnymailAPIError:
    error = AnymailAPIError("from the API")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ses(ClientError("MessageRejected", 400)), REJECTED),
        (ses(ClientError("Throttling", 400)), REQUEUE),
        (ses(ClientError("AccountSuspendedException", 400)), REQUEUE),
        (ses(ClientError("AccessDenied", 403)), REQUEUE),
        (ses(ClientError("InternalFailure", 500)), UNKNOWN),
        (ses(EndpointConnectionError()), REQUEUE),
        (ses(TimeoutError()), UNKNOWN),
        (AnymailInvalidAddress("no address"), REJECTED),
        (AnymailConfigurationError("no key"), REQUEUE),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), REJECTED),
        (smtplib.SMTPAuthenticationError(535, b"no"), REQUEUE),
        (ssl.SSLCertVerificationError("expired"), REQUEUE),
        (socket.gaierror("no such host"), REQUEUE),
        (TimeoutError(), UNKNOWN),
        (RuntimeError("anything"), UNKNOWN),
    ],
)
def test_faults(error, expected):
    assert result_of(error, handed_over=True).outcome == expected


class Backend:
    """A third party's mail backend, with a return value of its own."""

    def __init__(self, taken):
        self.taken = taken

    def open(self):
        return True

    def close(self):
        raise OSError("gone")

    def send_messages(self, messages):
        return self.taken


@pytest.mark.parametrize(("taken", "expected"), [(1, ACCEPTED), (0, REJECTED), (None, UNKNOWN)])
def test_a_backends_word_is_taken_for_no_more_than_it_is(taken, expected):
    assert outcomes(AnymailTransport(Backend(taken)), "a@example.org") == [expected]
