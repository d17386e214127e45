"""Amazon SES for real, as far as moto's server is: the whole way through boto3, HTTP and back."""

from __future__ import annotations

import email
import email.policy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from django.conf import LazySettings
from moto.server import ThreadedMotoServer

from digest.delivery.outcomes import Fault, Outcome
from digest.delivery.transports.backends import BackendTransport
from tests.delivery.anymail.messages import HTML, ONE_CLICK, TEXT, UNSUBSCRIBE, FakeMessage, messages, only, outcomes
from tests.delivery.anymail.provider import HANG_UP, Reply, provider
from tests.services import free_port

KEYS = {"region_name": "eu-west-1", "aws_access_key_id": "key", "aws_secret_access_key": "secret"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def ses(moto: str, settings: LazySettings) -> Iterator[BackendTransport]:
    requests.post(f"{moto}/moto-api/reset", timeout=5)
    settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEYS, "endpoint_url": moto}}
    transport = BackendTransport()
    yield transport
    transport.close()


def verify(moto: str) -> None:
    client = boto3.client("sesv2", endpoint_url=moto, **KEYS)
    client.create_email_identity(EmailIdentity="paperboy.example.org")
    client.close()


def accepted(moto: str) -> list[dict[str, Any]]:
    """What the server took, oldest first."""
    taken: list[dict[str, Any]] = requests.get(f"{moto}/moto-api/data.json", timeout=5).json()["ses"]["RawMessage"]
    return taken


def test_a_digest_is_accepted_whole_and_for_one_recipient(ses: BackendTransport, moto: str) -> None:
    verify(moto)
    result = only(ses.send(iter([(1, FakeMessage())])))
    (taken,) = accepted(moto)
    assert (result.outcome, result.provider_message_id) == (Outcome.ACCEPTED, taken["id"])
    assert set(taken["destinations"]) == {"ada@example.org"}
    message = email.message_from_string(taken["raw_data"], policy=email.policy.default)
    assert message["List-Unsubscribe"] == UNSUBSCRIBE
    assert message["List-Unsubscribe-Post"] == ONE_CLICK
    assert json.loads(message["X-Metadata"]) == {"delivery": FakeMessage().uid}
    assert message.get_body(("plain",)).get_content() == TEXT
    assert message.get_body(("html",)).get_content().rstrip("\n") == HTML


def test_many_go_over_several_connections_each_once(ses: BackendTransport, moto: str, settings: LazySettings) -> None:
    settings.PROVIDER_CONNECTIONS = 3
    verify(moto)
    assert set(outcomes(ses.send(messages(12))).values()) == {Outcome.ACCEPTED}
    recipients = Counter(address for taken in accepted(moto) for address in set(taken["destinations"]))
    assert recipients == {f"reader-{key}@example.org": 1 for key in range(1, 13)}


def test_an_identity_that_is_not_verified_stops_the_sending_and_spoils_no_message(ses: BackendTransport) -> None:
    waiting = messages(50)
    results = [result for _, result in ses.send(waiting)]
    assert {(result.outcome, result.fault) for result in results} == {(Outcome.RETURNED, Fault.CREDENTIALS)}
    assert "authority to send" in results[0].detail
    assert len(results) <= 16
    assert len(list(waiting)) >= 50 - 16


def test_missing_keys_stop_the_sending_before_anything_is_drawn_or_hand_it_back(
    ses: BackendTransport, moto: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1", "endpoint_url": moto}}
    result = only(ses.send(iter([(1, FakeMessage())])))
    assert (result.outcome, result.fault) == (Outcome.RETURNED, Fault.CREDENTIALS)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "Throttling", (Outcome.RETURNED, Fault.PROVIDER)),
        (429, "TooManyRequestsException", (Outcome.RETURNED, Fault.PROVIDER)),
        (400, "LimitExceededException", (Outcome.RETURNED, Fault.PROVIDER)),
        (400, "AccountSuspendedException", (Outcome.RETURNED, Fault.CREDENTIALS)),
        (400, "SendingPausedException", (Outcome.RETURNED, Fault.CREDENTIALS)),
        (400, "MailFromDomainNotVerifiedException", (Outcome.RETURNED, Fault.CREDENTIALS)),
        (403, "InvalidClientTokenId", (Outcome.RETURNED, Fault.CREDENTIALS)),
        (400, "BadRequestException", (Outcome.REJECTED, Fault.MESSAGE)),
        (500, "InternalFailure", (Outcome.UNKNOWN, Fault.PROVIDER)),
        (503, "ServiceUnavailable", (Outcome.UNKNOWN, Fault.PROVIDER)),
    ],
)
def test_an_error_is_asked_about_once_and_judged_by_its_code(
    ses: BackendTransport, settings: LazySettings, status: int, code: str, expected: tuple[Outcome, Fault]
) -> None:
    headers = {"x-amzn-ErrorType": code, "Retry-After": "7"}
    with provider(Reply(status, {"message": "the provider's words"}, headers)) as api:
        settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEYS, "endpoint_url": api.url}}
        result = only(ses.send(iter([(1, FakeMessage())])))
    assert (result.outcome, result.fault) == expected
    assert result.retry_after == 7
    assert len(api.requests) == 1


def test_a_call_that_gets_no_answer_is_not_made_again(ses: BackendTransport, settings: LazySettings) -> None:
    with provider(HANG_UP) as api:
        settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEYS, "endpoint_url": api.url}}
        result = only(ses.send(iter([(1, FakeMessage())])))
    assert (result.outcome, result.fault) == (Outcome.UNKNOWN, Fault.PROVIDER)
    assert len(api.requests) == 1


def test_a_call_that_takes_too_long_is_not_made_again(ses: BackendTransport, settings: LazySettings) -> None:
    settings.PROVIDER_TIMEOUT = 0.3
    with provider(Reply(200, {"MessageId": "late"}, seconds=3)) as api:
        settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEYS, "endpoint_url": api.url}}
        result = only(ses.send(iter([(1, FakeMessage())])))
    assert (result.outcome, result.fault) == (Outcome.UNKNOWN, Fault.PROVIDER)
    assert len(api.requests) == 1


def test_a_provider_that_cannot_be_reached_leaves_the_message_where_it_was(
    ses: BackendTransport, settings: LazySettings
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEYS, "endpoint_url": address}}
    result = only(ses.send(iter([(1, FakeMessage())])))
    assert (result.outcome, result.fault) == (Outcome.RETURNED, Fault.PROVIDER)
