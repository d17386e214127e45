"""How messages are drawn and answered: over several connections, as late as can be, and no longer than it helps."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.conf import LazySettings
from django.core import mail
from django.core.mail import get_connection

from digest.delivery.outcomes import Fault, Outcome
from digest.delivery.transports import TransportUnavailable, configured, faults
from digest.delivery.transports.answers import retry_after
from digest.delivery.transports.backends import BackendTransport
from digest.delivery.transports.connections import Job
from digest.delivery.transports.exchange import Exchange
from digest.delivery.transports.gate import SAME_REFUSALS
from tests.delivery.anymail.known import KNOWN
from tests.delivery.anymail.messages import FakeMessage, messages, only, outcomes
from tests.delivery.anymail.provider import HANG_UP, Answering, Reply, Request, provider, wait_until

ACCEPTED = Outcome.ACCEPTED


def taken(seconds: float = 0.0) -> Answering:
    def answer(request: Request) -> Reply:
        reply = KNOWN["postmark"].accepts(request.data["To"])
        reply.seconds = seconds
        return reply

    return answer


@contextmanager
def postmark(url: str, **options: Any) -> Iterator[BackendTransport]:
    options = {"api_url": url, "server_token": "x", "timeout": 5, **options}
    transport = BackendTransport(lambda: get_connection("anymail.backends.postmark.EmailBackend", **options))
    try:
        yield transport
    finally:
        transport.close()


def test_the_transport_of_the_settings_is_this_one() -> None:
    assert isinstance(configured(1), BackendTransport)


def test_as_many_calls_are_under_way_as_there_are_connections_and_each_is_kept(settings: LazySettings) -> None:
    settings.PROVIDER_CONNECTIONS = 4
    with provider(taken(0.02)) as api, postmark(api.url) as transport:
        for _ in range(2):
            assert list(outcomes(transport.send(messages(20))).values()) == [ACCEPTED] * 20
    assert api.most_at_once == 4
    assert api.connections == 4
    assert sorted({request.data["To"] for request in api.requests}) == sorted(
        f"reader-{key}@example.org" for key in range(1, 21)
    )


def test_a_message_is_drawn_only_when_a_connection_is_free(settings: LazySettings) -> None:
    settings.PROVIDER_CONNECTIONS = 3
    drawn: list[int] = []

    def drawing() -> Iterator[Job]:
        for key, message in messages(12):
            drawn.append(key)
            yield key, message

    answered = 0
    with provider(taken()) as api, postmark(api.url) as transport:
        for _ in transport.send(drawing()):
            answered += 1
            time.sleep(0.02)  # enough for every answer under way to come in
            assert len(drawn) <= answered - 1 + 3
    assert answered == 12


def test_messages_are_drawn_in_the_callers_thread(settings: LazySettings) -> None:
    threads = set()

    def drawing() -> Iterator[Job]:
        for job in messages(10):
            threads.add(threading.current_thread())
            yield job

    with provider(taken()) as api, postmark(api.url) as transport:
        outcomes(transport.send(drawing()))
    assert threads == {threading.current_thread()}


def test_one_stuck_call_holds_back_no_other_and_the_caller_is_not_idle_for_long(settings: LazySettings) -> None:
    settings.PROVIDER_CONNECTIONS = 2
    slow = "reader-1@example.org"

    def answer(request: Request) -> Reply:
        return taken(1.3 if request.data["To"] == slow else 0)(request)  # type: ignore[return-value]

    idled: list[float] = []
    with provider(answer) as api, postmark(api.url) as transport:
        transport.idle = lambda: idled.append(time.monotonic())
        order = [key for key, _ in transport.send(messages(10))]
    assert order[-1] == 1
    assert sorted(order) == list(range(1, 11))
    assert idled


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(401, {"ErrorCode": 10, "Message": "no"}), Fault.CREDENTIALS),
        (Reply(429, {"ErrorCode": 429, "Message": "slower"}, {"Retry-After": "5"}), Fault.PROVIDER),
        (Reply(503, b"", {"Retry-After": "5"}), Fault.PROVIDER),
        (HANG_UP, Fault.PROVIDER),
    ],
)
def test_no_more_is_drawn_once_the_next_would_fare_no_better(
    settings: LazySettings, reply: Reply | str, fault: Fault
) -> None:
    settings.PROVIDER_CONNECTIONS = 3
    waiting = messages(100)
    with provider(reply) as api, postmark(api.url) as transport:
        results = [result for _, result in transport.send(waiting)]
    assert {result.fault for result in results} == {fault}
    assert len(results) <= 4  # those under way, and one more after a first doubt
    assert len(list(waiting)) == 100 - len(results)


def test_a_read_that_times_out_is_doubt() -> None:
    with provider(taken(3)) as api, postmark(api.url, timeout=0.2) as transport:
        result = only(transport.send(messages(1)))
    assert (result.outcome, result.fault) == (Outcome.UNKNOWN, Fault.PROVIDER)


def test_a_single_answer_that_is_lost_stops_nothing() -> None:
    with provider(HANG_UP, taken()) as api, postmark(api.url) as transport:
        results = outcomes(transport.send(messages(30)))
    assert sorted(results.values()) == [ACCEPTED] * 29 + [Outcome.UNKNOWN]


def test_a_connection_that_the_provider_closed_while_it_was_idle_costs_no_message(settings: LazySettings) -> None:
    settings.PROVIDER_CONNECTIONS = 1

    def answer(request: Request) -> Reply:
        reply = KNOWN["postmark"].accepts(request.data["To"])
        reply.closes = True
        return reply

    with provider(answer) as api, postmark(api.url) as transport:
        for _ in range(3):
            assert only(transport.send(messages(1))).outcome is ACCEPTED
            time.sleep(0.05)
    assert (api.connections, len(api.requests)) == (3, 3)


def test_a_refusal_of_one_message_stops_nothing() -> None:
    def answer(request: Request) -> Reply:
        to = request.data["To"]
        refusal = Reply(422, {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{to}'."})
        return refusal if to.startswith("reader-1") else taken()(request)  # type: ignore[return-value]

    with provider(answer) as api, postmark(api.url) as transport:
        results = outcomes(transport.send(messages(30)))
    assert [key for key, outcome in sorted(results.items()) if outcome is not ACCEPTED] == [1, *range(10, 20)]


def test_the_same_refusal_of_everyone_is_not_each_messages_own_fault() -> None:
    waiting = messages(100)
    refusal = Reply(422, {"ErrorCode": 300, "Message": "Header name is not permitted."})
    with provider(refusal) as api, postmark(api.url) as transport:
        results = [result for _, result in transport.send(waiting)]
    assert [result.outcome for result in results].count(Outcome.REJECTED) < SAME_REFUSALS
    assert (results[-1].outcome, results[-1].fault) == (Outcome.RETURNED, Fault.CREDENTIALS)
    assert len(list(waiting)) > 70


def test_what_drawing_raises_ends_the_sending_after_all_that_was_drawn_is_answered() -> None:
    def drawing() -> Iterator[Job]:
        yield from messages(3)
        raise OSError("No space left on device")

    with provider(taken(0.05)) as api, postmark(api.url) as transport:
        sending = transport.send(drawing())
        assert outcomes(islice(sending, 3)) == dict.fromkeys([1, 2, 3], ACCEPTED)
        with pytest.raises(OSError, match="No space left"):
            next(sending)


def test_a_sending_that_is_given_up_leaves_no_thread_behind(settings: LazySettings) -> None:
    with provider(taken(0.05)) as api:
        with postmark(api.url) as transport:
            sending = transport.send(messages(50))
            next(sending)
            sending.close()  # type: ignore[attr-defined]
            assert only(transport.send(messages(1))).outcome is ACCEPTED
        assert wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("mail-")])


def test_a_provider_that_never_answers_does_not_keep_a_worker_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.delivery.transports.crew.FAREWELL", 0.1)
    with provider(taken(60)) as api, postmark(api.url) as transport:
        sending = transport.send(messages(2))
        transport.idle = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # as a signal would
        with pytest.raises(KeyboardInterrupt):
            next(sending)
        started = time.monotonic()
        transport.close()
        assert time.monotonic() - started < 15


def test_only_so_many_calls_a_second_are_made_where_a_provider_allows_no_more(settings: LazySettings) -> None:
    settings.PROVIDER_CALLS_PER_SECOND = 20
    with provider(taken()) as api, postmark(api.url) as transport:
        started = time.monotonic()
        assert len(outcomes(transport.send(messages(7)))) == 7
    assert time.monotonic() - started >= 6 / 20


def test_a_backend_that_cannot_be_made_is_told_before_anything_is_drawn(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {}
    waiting = messages(2)
    with pytest.raises(TransportUnavailable, match="SERVER_TOKEN") as caught:
        list(BackendTransport().send(waiting))
    assert (caught.value.result.outcome, caught.value.result.fault) == (Outcome.RETURNED, Fault.OURS)
    assert len(list(waiting)) == 2


# Faults of our own


class Broken(FakeMessage):
    def as_email(self) -> Any:
        raise TypeError("of our own making")


class TwoReaders(FakeMessage):
    def as_email(self) -> Any:
        email = super().as_email()
        email.to = ["ada@example.org", "bob@example.org"]
        return email


@pytest.mark.parametrize("kind", [Broken, TwoReaders])
def test_a_fault_of_our_own_ends_no_row_and_shows_no_reader_to_another(kind: type[FakeMessage]) -> None:
    with provider(taken()) as api, postmark(api.url) as transport:
        result = only(transport.send(iter([(1, kind())])))
    assert (result.outcome, result.fault) == (Outcome.RETURNED, Fault.OURS)
    assert api.requests == []


@pytest.mark.parametrize("to", ["a\nb@example.org", "ada", "ada@example.org\r", "a@example.org, b@example.org", ""])
def test_an_address_that_nobody_can_be_told_ends_its_own_row_only(to: str) -> None:
    jobs = [(1, FakeMessage(to)), (2, FakeMessage("bob@example.org"))]
    with provider(taken()) as api, postmark(api.url) as transport:
        results = outcomes(transport.send(iter(jobs)))
    assert results[2] is ACCEPTED
    assert results[1] is Outcome.REJECTED


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AnymailInvalidAddress("Cannot encode 'exa_mple.org' using idna2008"), (Outcome.REJECTED, Fault.MESSAGE)),
        (AnymailInvalidAddress("Cannot encode 'our_site.org' using idna2008"), (Outcome.RETURNED, Fault.OURS)),
        (AnymailUnsupportedFeature("Scaleway does not support EAI in to"), (Outcome.REJECTED, Fault.MESSAGE)),
        (AnymailUnsupportedFeature("Postal does not support multiple tags"), (Outcome.RETURNED, Fault.OURS)),
        (AnymailSerializationError("a Decimal"), (Outcome.RETURNED, Fault.OURS)),
        (AnymailConfigurationError("no key"), (Outcome.RETURNED, Fault.OURS)),
        (UnicodeEncodeError("ascii", "\u1234", 0, 1, "subject"), (Outcome.RETURNED, Fault.OURS)),
        (ssl.SSLCertVerificationError("expired"), (Outcome.RETURNED, Fault.PROVIDER)),
        (socket.gaierror("no such host"), (Outcome.RETURNED, Fault.PROVIDER)),
        (RuntimeError("anything"), (Outcome.RETURNED, Fault.OURS)),
    ],
)
def test_before_anything_left_only_an_address_can_be_the_messages_fault(
    error: Exception, expected: tuple[Outcome, Fault]
) -> None:
    result = faults.result_of(error, Exchange(), "ada@exa_mple.org")
    assert (result.outcome, result.fault) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        (" 2.5 ", 2.5),
        ("Mon, 02 Mar 2026 06:01:30 GMT", 90),
        ("Mon, 02 Mar 2026 05:00:00 GMT", 0),
        ("99999999", 86_400),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_a_pause_is_asked_for_in_seconds_or_by_date(value: str, seconds: float | None) -> None:
    now = datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert retry_after({"retry-after": value}, now) == seconds


# Backends that stay on this machine, and ones nobody knows


def test_mail_to_memory_goes_there_in_the_same_thread() -> None:
    assert outcomes(BackendTransport().send(messages(3))) == dict.fromkeys([1, 2, 3], ACCEPTED)
    assert [message.to for message in mail.outbox] == [[f"reader-{key}@example.org"] for key in (1, 2, 3)]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mail-")]


@pytest.mark.parametrize("backend", ["dummy", "console"])
def test_djangos_other_backends_take_mail(settings: LazySettings, backend: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert only(BackendTransport().send(messages(1))).outcome is ACCEPTED


def test_anymails_own_test_backend_sees_the_digest(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    assert only(BackendTransport().send(messages(1))).outcome is ACCEPTED


def test_a_full_disk_under_the_outbox_leaves_the_message_in_the_queue(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    settings.EMAIL_BACKEND = "digest.delivery.outbox.EmailBackend"
    monkeypatch.setattr("digest.delivery.outbox.tempfile.mkstemp", full)
    result = only(BackendTransport().send(messages(1)))
    assert (result.outcome, result.fault) == (Outcome.RETURNED, Fault.OURS)


class Foreign:
    """A third party's mail backend, with a return value of its own."""

    def __init__(self, taken: int | Exception | None) -> None:
        self.taken = taken

    def open(self) -> bool:
        return True

    def close(self) -> None:
        raise OSError("gone")

    def send_messages(self, messages: list[Any]) -> int | None:
        if isinstance(self.taken, Exception):
            raise self.taken
        return self.taken


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (1, (ACCEPTED, Fault.MESSAGE)),
        (0, (Outcome.REJECTED, Fault.MESSAGE)),
        (None, (Outcome.UNKNOWN, Fault.OURS)),
        (TypeError("theirs"), (Outcome.UNKNOWN, Fault.OURS)),
        (TimeoutError("slow"), (Outcome.UNKNOWN, Fault.PROVIDER)),
        (ConnectionRefusedError("down"), (Outcome.RETURNED, Fault.PROVIDER)),
    ],
)
def test_a_foreign_backends_word_is_taken_for_no_more_than_it_is(
    taken: int | Exception | None, expected: tuple[Outcome, Fault]
) -> None:
    transport = BackendTransport(lambda: Foreign(taken))
    result = only(transport.send(messages(1)))
    transport.close()
    assert (result.outcome, result.fault) == expected
