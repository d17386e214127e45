"""What smtplib raises is judged as the pipelined transport judges the same reply: codes mean one thing."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.mail import get_connection

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.backends import BackendTransport
from digest.delivery.transports.base import Transport, TransportUnavailable
from digest.delivery.transports.smtp import errors
from tests.delivery.anymail.messages import messages
from tests.delivery.smtp.server import HANG_UP, Script, following

REFUSED = (Outcome.REJECTED, Fault.MESSAGE)
LATER = (Outcome.DEFERRED, Fault.MESSAGE)
BLOCKED = (Outcome.DEFERRED, Fault.POLICY)
SENDER_BLOCKED = (Outcome.RETURNED, Fault.POLICY)
SHUT_OUT = (Outcome.RETURNED, Fault.CREDENTIALS)
BUSY = (Outcome.RETURNED, Fault.PROVIDER)
IN_DOUBT = (Outcome.UNKNOWN, Fault.PROVIDER)


@pytest.fixture
def backend_to() -> Iterator[Callable[..., BackendTransport]]:
    """backend_to(port): the same as `transport_to`, through Django's backend."""
    made: list[BackendTransport] = []

    def make(port: int, user: str = "", password: str = "", **options: Any) -> BackendTransport:
        name = "django.core.mail.backends.smtp.EmailBackend"
        options = {"host": "127.0.0.1", "username": user, "password": password, "timeout": 2, **options}
        made.append(BackendTransport(lambda: get_connection(name, port=port, **options)))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def answer(transport: Transport) -> Result:
    """The first message's result, or what kept it here."""
    try:
        (_, result), *_ = transport.send(messages(1))
    except TransportUnavailable as error:
        return error.result
    return result


@pytest.mark.parametrize(
    ("stage", "reply", "verdict", "is_hard"),
    [
        ("greeting", "421 4.3.2 too busy", BUSY, False),
        ("greeting", "554 5.7.1 blocked using zen.spamhaus.org", SENDER_BLOCKED, False),
        ("greeting", "554 no service", BUSY, False),
        ("HELO", "550 who are you?", BUSY, False),
        ("AUTH", "535 5.7.8 wrong password", SHUT_OUT, False),
        ("AUTH", "534 5.7.9 a stronger way, please", SHUT_OUT, False),
        ("AUTH", "454 4.7.0 cannot tell now", BUSY, False),
        ("MAIL", "421 4.7.0 too many messages", BUSY, False),
        ("MAIL", "451 4.3.0 later", BUSY, False),
        ("MAIL", "452 4.3.1 no room", BUSY, False),
        ("MAIL", "503 5.5.1 nested MAIL command", BUSY, False),
        ("MAIL", "530 5.7.0 log in first", SHUT_OUT, False),
        ("MAIL", "535 5.7.8 not logged in", SHUT_OUT, False),
        ("MAIL", "550 5.1.8 no such sender", SENDER_BLOCKED, False),
        ("MAIL", "550 5.7.1 not allowed", SENDER_BLOCKED, False),
        ("MAIL", "552 5.3.4 too big", REFUSED, False),
        ("RCPT", "421 4.3.2 shutting down", BUSY, False),
        ("RCPT", "450 4.2.0 later", LATER, False),
        ("RCPT", "450 4.7.1 greylisted, come back in 5 minutes", LATER, False),
        ("RCPT", "450 4.7.1 too many from you", BLOCKED, False),
        ("RCPT", "450 4.7.25 no reverse name", BLOCKED, False),
        ("RCPT", "452 4.2.2 full", LATER, False),
        ("RCPT", "530 5.7.0 log in first", SHUT_OUT, False),
        ("RCPT", "550 5.1.1 no such user", REFUSED, True),
        ("RCPT", "550 5.1.10 null MX", REFUSED, True),
        ("RCPT", "550-5.1.1 The account does\r\n550 5.1.1 not exist.", REFUSED, True),
        ("RCPT", "550 no such user here", REFUSED, True),
        ("RCPT", "550 requested action not taken", REFUSED, False),
        ("RCPT", "550 5.2.1 disabled", REFUSED, False),
        ("RCPT", "550 5.7.1 blocked", BLOCKED, False),
        ("RCPT", "550 5.7.1 user unknown to our block list", BLOCKED, False),
        ("RCPT", "554 blocked using zen.spamhaus.org", BLOCKED, False),
        ("RCPT", "552 5.2.2 full", LATER, False),
        ("RCPT", "552 quota exceeded", LATER, False),
        ("DATA", "451 4.3.0 later", LATER, False),
        ("DATA", "554 5.5.1 no valid recipients", REFUSED, False),
        (".", "421 4.3.2 shutting down", BUSY, False),
        (".", "450 4.7.1 later", BLOCKED, False),
        (".", "550 5.7.1 spam", BLOCKED, False),
        (".", "550 5.1.1 no such user", REFUSED, True),
        (".", "552 5.2.2 full", LATER, False),
        (".", "552 5.3.4 too big", REFUSED, False),
        (".", "552 message size exceeds limit", REFUSED, False),
        (".", "554 5.6.0 malformed", REFUSED, False),
    ],
)
def test_a_reply_means_the_same_either_way(transport_to, backend_to, stage, reply, verdict, is_hard):
    script: Script = {"extensions": "PIPELINING|AUTH PLAIN", "EHLO": "500 what?", stage: reply}
    if stage != "HELO":
        del script["EHLO"]
    with following(script) as server:
        login = {"user": "paperboy", "password": "secret"} if stage == "AUTH" else {}
        pipelined, through_django = answer(transport_to(server.port, **login)), answer(backend_to(server.port, **login))
    assert pipelined == through_django
    assert (pipelined.outcome, pipelined.fault, pipelined.is_hard_bounce) == (*verdict, is_hard)
    assert pipelined.detail == reply.replace("\r\n550 5.1.1", "").replace("550-", "550 ")


@pytest.mark.parametrize(
    ("stage", "words", "verdict"),
    [
        ("greeting", "junk", BUSY),
        ("MAIL", "junk", BUSY),
        ("RCPT", "junk", BUSY),
        ("RCPT", "100 what?", BUSY),
        ("DATA", "junk", BUSY),
        (".", "junk", IN_DOUBT),
        ("RCPT", HANG_UP, BUSY),
        (".", HANG_UP, IN_DOUBT),
    ],
)
def test_what_is_no_reply_means_the_same_either_way(transport_to, backend_to, stage, words, verdict):
    with following({stage: words}) as server:
        for result in (answer(transport_to(server.port)), answer(backend_to(server.port))):
            assert (result.outcome, result.fault) == verdict


@pytest.mark.parametrize("extensions", ["PIPELINING", "PIPELINING|AUTH UNHEARD-OF"])
def test_a_server_that_offers_no_login_is_a_matter_of_credentials(transport_to, backend_to, extensions):
    with following({"extensions": extensions}) as server:
        for make in (transport_to, backend_to):
            result = answer(make(server.port, user="paperboy", password="secret"))
            assert (result.outcome, result.fault) == SHUT_OUT


def test_a_password_that_cannot_be_sent_is_a_matter_of_credentials(transport_to, backend_to):
    with following({"extensions": "PIPELINING|AUTH PLAIN"}) as server:
        for make in (transport_to, backend_to):
            result = answer(make(server.port, user="paperboy", password="corréct horse"))
            assert (result.outcome, result.fault) == SHUT_OUT


def test_a_server_without_starttls_is_the_provider_s_matter(transport_to, backend_to):
    with following({"extensions": "PIPELINING"}) as server:
        for make in (transport_to, backend_to):
            result = answer(make(server.port, use_tls=True))
            assert (result.outcome, result.fault) == BUSY


def test_an_address_beyond_ascii_that_the_server_cannot_take_is_refused():
    result = errors.result_of(smtplib.SMTPNotSupportedError("SMTPUTF8 not supported by server"))
    assert (result.outcome, result.fault) == REFUSED
