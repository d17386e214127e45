"""Every provider of Anymail's: the whole digest goes out, and each of their answers is taken for what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from anymail.backends import resend
from django.conf import LazySettings

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import providers
from digest.delivery.transports.backends import BackendTransport
from tests.delivery.anymail.known import ADA, IN_DOUBT, INSIDE, KNOWN, anymail_settings
from tests.delivery.anymail.messages import HTML, ONE_CLICK, TEXT, UNSUBSCRIBE, FakeMessage, only
from tests.delivery.anymail.provider import HANG_UP, Answering, Provider, Reply, Request, provider
from tests.services import free_port

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")  # SendGrid
ALL = pytest.mark.parametrize("name", KNOWN)
ACCEPTED = Outcome.ACCEPTED


@contextmanager
def transport(settings: LazySettings, name: str, url: str, **anymail: Any) -> Iterator[BackendTransport]:
    settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
    settings.ANYMAIL = {**anymail_settings(name, url), "REQUESTS_TIMEOUT": 5, **anymail}
    carrier = BackendTransport()
    try:
        yield carrier
    finally:
        carrier.close()


def sent(
    settings: LazySettings, name: str, *replies: Reply | str | Answering, to: str = ADA
) -> tuple[Result, Provider]:
    with provider(*replies) as api, transport(settings, name, api.url) as carrier:
        return only(carrier.send(iter([(1, FakeMessage(to))]))), api


def verdict(result: Result) -> tuple[Outcome, Fault]:
    return result.outcome, result.fault


def test_there_is_a_provider_here_for_each_of_anymails() -> None:
    assert len(KNOWN) + 1 == len(providers.PROVIDERS) == 14


@ALL
def test_a_digest_is_given_over_whole_and_its_id_is_kept(settings: LazySettings, name: str) -> None:
    known = KNOWN[name]
    result, api = sent(settings, name, known.accepts(ADA))
    assert result.outcome is ACCEPTED
    assert result.provider_message_id
    assert known.message_id in (result.provider_message_id, "")
    (request,) = api.requests
    given = known.read(request)
    assert given.to == [ADA]
    assert (given.text, given.html) == (TEXT, HTML)
    assert given.headers["list-unsubscribe"] == UNSUBSCRIBE
    assert given.headers["list-unsubscribe-post"] == ONE_CLICK
    carries_metadata = "metadata" not in providers.of(backend_of(name)).lacks
    assert given.metadata == ({"delivery": FakeMessage().uid} if carries_metadata else None)
    assert "date" not in given.headers


def backend_of(name: str) -> Any:
    return import_module(f"anymail.backends.{name}").EmailBackend


def test_a_provider_may_write_the_address_in_its_own_way(settings: LazySettings) -> None:
    result, _ = sent(
        settings, "postmark", KNOWN["postmark"].accepts("ada@xn--bcher-kva.example"), to="ada@bücher.example"
    )
    assert (result.outcome, result.provider_message_id) == (ACCEPTED, "m-1")


class ReturnPath(FakeMessage):
    """Bounces go to an address of the delivery's own, so that From is a header of its own."""

    def as_email(self) -> Any:
        email = super().as_email()
        email.extra_headers["From"], email.from_email = email.from_email, "bounces+7@paperboy.example.org"
        return email


@ALL
def test_a_return_path_of_our_own_is_left_to_the_provider(settings: LazySettings, name: str) -> None:
    with provider(KNOWN[name].accepts(ADA)) as api, transport(settings, name, api.url) as carrier:
        assert only(carrier.send(iter([(1, ReturnPath())]))).outcome is ACCEPTED
    assert b"digest" in api.requests[0].body
    assert b"bounces" not in api.requests[0].body


@pytest.mark.parametrize("name", [name for name in KNOWN if name not in ("mailjet", "unisender_go")])
def test_a_delivery_keeps_its_message_id_where_the_provider_takes_one(settings: LazySettings, name: str) -> None:
    _, api = sent(settings, name, KNOWN[name].accepts(ADA))
    headers = KNOWN[name].read(api.requests[0]).headers
    assert headers["message-id"] == f"<{FakeMessage().uid}@paperboy.example.org>"


def test_headers_that_a_provider_refuses_are_left_out(settings: LazySettings) -> None:
    _, mailjet = sent(settings, "mailjet", KNOWN["mailjet"].accepts(ADA))
    assert not {"message-id", "list-id"} & KNOWN["mailjet"].read(mailjet.requests[0]).headers.keys()
    _, unisender = sent(settings, "unisender_go", KNOWN["unisender_go"].accepts(ADA))
    kept = KNOWN["unisender_go"].read(unisender.requests[0]).headers.keys() - {"to"}
    assert kept == {"list-unsubscribe", "list-unsubscribe-post"}


def test_a_newsletters_name_beyond_ascii_reaches_brevo_as_encoded_words(settings: LazySettings) -> None:
    result, api = sent(settings, "brevo", KNOWN["brevo"].accepts(ADA))
    assert result.outcome is ACCEPTED
    assert (
        KNOWN["brevo"].read(api.requests[0]).headers["list-id"] == "=?utf-8?b?Q2Fmw6k=?= <digest.paperboy.example.org>"
    )


# Answers


@ALL
@pytest.mark.parametrize("status", [401, 403, 404])
def test_who_is_not_let_in_gets_the_message_back(settings: LazySettings, name: str, status: int) -> None:
    result, _ = sent(settings, name, Reply(status, {"message": "no"}))
    assert verdict(result) == (Outcome.RETURNED, Fault.CREDENTIALS)


@ALL
def test_a_busy_provider_is_left_alone_for_as_long_as_it_asks(settings: LazySettings, name: str) -> None:
    result, _ = sent(settings, name, Reply(429, {"message": "slower"}, {"Retry-After": "30"}))
    assert verdict(result) == (Outcome.RETURNED, Fault.PROVIDER)
    assert result.retry_after == 30


@ALL
@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_a_failing_provider_did_with_the_message_is_not_guessed(
    settings: LazySettings, name: str, status: int
) -> None:
    result, _ = sent(settings, name, Reply(status, b"<html>oh dear", {"Retry-After": "120"}))
    assert verdict(result) == IN_DOUBT
    assert result.retry_after == 120


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "sendgrid"])  # which says nothing but 202
@pytest.mark.parametrize("content", [b"<html>Welcome to the hotel</html>", b'{"a', b"[1]", b"null", b'"OK"'])
def test_an_answer_that_cannot_be_read_is_doubt(settings: LazySettings, name: str, content: bytes) -> None:
    result, _ = sent(settings, name, Reply(200, content))
    assert verdict(result) == IN_DOUBT


@ALL
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_to_something_that_looks_like_acceptance(
    settings: LazySettings, name: str, status: int
) -> None:
    def answer(request: Request) -> Reply:
        accepts = request.path == "/elsewhere"
        return KNOWN[name].accepts(ADA) if accepts else Reply(status, b"", {"Location": "/elsewhere"})

    result, api = sent(settings, name, answer)
    assert result.outcome in (Outcome.RETURNED, Outcome.UNKNOWN)
    assert "/elsewhere" not in [request.path for request in api.requests]


@ALL
def test_a_provider_that_hangs_up_leaves_doubt(settings: LazySettings, name: str) -> None:
    assert verdict(sent(settings, name, HANG_UP)[0]) == IN_DOUBT


@ALL
def test_a_provider_that_cannot_be_reached_leaves_the_message(settings: LazySettings, name: str) -> None:
    with transport(settings, name, f"http://127.0.0.1:{free_port()}/") as carrier:
        result = only(carrier.send(iter([(1, FakeMessage())])))
    assert verdict(result) == (Outcome.RETURNED, Fault.PROVIDER)


@pytest.mark.parametrize(("name", "reply", "expected"), INSIDE)
def test_an_answer_is_judged_by_what_it_says_inside(
    settings: LazySettings, name: str, reply: Reply, expected: tuple[Outcome, Fault]
) -> None:
    assert verdict(sent(settings, name, reply)[0]) == expected


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("postmark", Reply(422, {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{ADA}'."})),
        ("mandrill", Reply(200, [{"email": ADA, "status": "invalid", "_id": "m-1"}])),
        ("unisender_go", Reply(200, {"status": "success", "emails": [], "failed_emails": {ADA: "invalid"}})),
    ],
)
def test_only_an_address_that_the_provider_calls_invalid_is_a_hard_bounce(
    settings: LazySettings, name: str, reply: Reply
) -> None:
    assert sent(settings, name, reply)[0].is_hard_bounce
    assert not sent(settings, name, Reply(400, {"message": "no"}))[0].is_hard_bounce


def test_an_address_that_holds_our_words_for_faults_of_the_account_is_still_only_an_address(
    settings: LazySettings,
) -> None:
    to = "billing.account@example.org"
    result, _ = sent(settings, "mailgun", Reply(400, {"message": f"{to} is not a valid address"}), to=to)
    assert verdict(result) == (Outcome.REJECTED, Fault.MESSAGE)


# Keys


def test_the_same_delivery_has_the_same_key_at_every_attempt(settings: LazySettings) -> None:
    _, brevo = sent(settings, "brevo", KNOWN["brevo"].accepts(ADA))
    assert KNOWN["brevo"].read(brevo.requests[0]).headers["idempotencykey"] == FakeMessage().uid
    _, resend_api = sent(settings, "resend", KNOWN["resend"].accepts(ADA))
    assert resend_api.requests[0].headers["idempotency-key"] == FakeMessage().uid
    _, postmark = sent(settings, "postmark", KNOWN["postmark"].accepts(ADA))
    assert "idempotency-key" not in postmark.requests[0].headers


def test_a_provider_that_knows_the_key_is_asked_again_at_once(settings: LazySettings) -> None:
    result, api = sent(settings, "resend", HANG_UP, KNOWN["resend"].accepts(ADA))
    assert result.outcome is ACCEPTED
    first, second = api.requests
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize(("name", "hours"), [("resend", 24), ("brevo", 0.5), ("postmark", None)])
def test_how_long_a_delivery_in_doubt_may_be_asked_again(
    settings: LazySettings, name: str, hours: float | None
) -> None:
    kept = providers.keeps_idempotency(backend_of(name))
    assert (kept.total_seconds() / 3600 if kept else None) == hours


def test_a_key_that_many_messages_share_is_no_use_to_one(settings: LazySettings) -> None:
    settings.PROVIDER_BATCH = 20
    assert providers.keeps_idempotency(resend.EmailBackend) is None
