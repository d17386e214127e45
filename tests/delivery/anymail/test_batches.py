"""Many messages in a call: each whole and for one recipient, each with its own answer, whatever becomes of the call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import LazySettings

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import providers
from digest.delivery.transports.backends import BackendTransport
from tests.delivery.anymail.known import anymail_settings
from tests.delivery.anymail.messages import HTML, TEXT, UNSUBSCRIBE, FakeMessage, messages, outcomes
from tests.delivery.anymail.provider import HANG_UP, Answering, Provider, Reply, Request, provider

ACCEPTED, REJECTED = Outcome.ACCEPTED, Outcome.REJECTED
BOTH = pytest.mark.parametrize("name", ["postmark", "resend"])


@pytest.fixture(autouse=True)
def batches_of_ten(settings: LazySettings) -> None:
    settings.PROVIDER_BATCH = 10
    settings.PROVIDER_CONNECTIONS = 2
    settings.PROVIDER_CALLS_PER_SECOND = 1000


@contextmanager
def transport(settings: LazySettings, name: str, api: Provider) -> Iterator[BackendTransport]:
    settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
    settings.ANYMAIL = {**anymail_settings(name, api.url), "REQUESTS_TIMEOUT": 5}
    carrier = BackendTransport()
    try:
        yield carrier
    finally:
        carrier.close()


def sent(settings: LazySettings, name: str, number: int, *replies: Reply | str | Answering) -> tuple[Any, Provider]:
    with provider(*replies) as api, transport(settings, name, api) as carrier:
        return dict(carrier.send(messages(number))), api


def recipients(request: Request) -> list[str]:
    data = request.data if isinstance(request.data, list) else [request.data]
    to = [one.get("To") or one.get("to") for one in data]
    return [address for entry in to for address in (entry if isinstance(entry, list) else entry.split(", "))]


def takes(name: str, *refused: str) -> Answering:
    """As the two providers answer calls with many messages, and with one."""

    def postmark(to: str) -> dict[str, Any]:
        if to in refused:
            return {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{to}'."}
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{to}", "To": to}

    def answer(request: Request) -> Reply:
        to = recipients(request)
        if name == "postmark":
            answers = [postmark(one) for one in to]
            return Reply(200, answers if request.path.endswith("batch") else answers[0])
        if not request.path.endswith("batch"):
            return Reply(200, {"id": f"id-{to[0]}"})
        errors = [{"index": i, "message": "Invalid `to` field."} for i, one in enumerate(to) if one in refused]
        data = [{"id": f"id-{one}"} for one in to if one not in refused]
        return Reply(200, {"data": data, **({"errors": errors} if errors else {})})

    return answer


@BOTH
def test_a_call_takes_many_messages_each_whole_and_for_one_recipient(settings: LazySettings, name: str) -> None:
    results, api = sent(settings, name, 25, takes(name))
    assert {key: result.outcome for key, result in results.items()} == dict.fromkeys(range(1, 26), ACCEPTED)
    assert results[7].provider_message_id == "id-reader-7@example.org"
    assert sorted(len(request.data) for request in api.requests) == [5, 10, 10]
    for request in api.requests:
        for item in request.data:
            item = {key.lower(): value for key, value in item.items()}
            (to,) = [item["to"]] if isinstance(item["to"], str) else item["to"]
            assert "," not in to
            assert not {"cc", "bcc"} & item.keys()
            assert (item.get("text") or item["textbody"]) == TEXT
            assert (item.get("html") or item["htmlbody"]) == HTML
            assert UNSUBSCRIBE in json.dumps(item["headers"])
    everyone = [to for request in api.requests for to in recipients(request)]
    assert sorted(everyone) == sorted(f"reader-{key}@example.org" for key in range(1, 26))


@BOTH
def test_the_form_of_each_message_is_the_one_it_would_have_alone(settings: LazySettings, name: str) -> None:
    _, many = sent(settings, name, 2, takes(name))
    settings.PROVIDER_BATCH = 1
    _, one_by_one = sent(settings, name, 2, takes(name))
    alone = sorted((request.data for request in one_by_one.requests), key=str)
    assert sorted(many.requests[0].data, key=str) == alone


@BOTH
def test_a_message_that_is_refused_takes_no_other_with_it(settings: LazySettings, name: str) -> None:
    results, _ = sent(settings, name, 10, takes(name, "reader-4@example.org"))
    assert {key for key, result in results.items() if result.outcome is ACCEPTED} == set(range(1, 11)) - {4}
    assert (results[4].outcome, results[4].fault) == (REJECTED, Fault.MESSAGE)
    assert results[5].provider_message_id == "id-reader-5@example.org"


@BOTH
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(401, {"message": "no"}), (Outcome.RETURNED, Fault.CREDENTIALS)),
        (Reply(429, {"message": "slower"}, {"Retry-After": "3"}), (Outcome.RETURNED, Fault.PROVIDER)),
        (Reply(503, b"", {"Retry-After": "3"}), (Outcome.UNKNOWN, Fault.PROVIDER)),
        (Reply(200, b"<html>"), (Outcome.UNKNOWN, Fault.PROVIDER)),
        (Reply(200, []), (Outcome.UNKNOWN, Fault.PROVIDER)),
        (Reply(200, {"data": [{"id": "1"}]}), (Outcome.UNKNOWN, Fault.PROVIDER)),
        (Reply(301, b"", {"Location": "/elsewhere"}), (Outcome.RETURNED, Fault.CREDENTIALS)),
        (HANG_UP, (Outcome.UNKNOWN, Fault.PROVIDER)),
    ],
)
def test_what_becomes_of_the_call_becomes_of_each_message(
    settings: LazySettings, name: str, reply: Reply | str, expected: tuple[Outcome, Fault]
) -> None:
    results, _ = sent(settings, name, 10, reply)
    assert len(results) == 10
    assert {(result.outcome, result.fault) for result in results.values()} == {expected}
    if isinstance(reply, Reply) and reply.headers.get("Retry-After"):
        assert results[1].retry_after == 3


@BOTH
def test_after_a_refusal_of_the_whole_call_each_is_asked_about_alone(settings: LazySettings, name: str) -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("batch"):
            return Reply(422, {"ErrorCode": 300, "message": "One of these is not right."})
        if recipients(request) == ["reader-3@example.org"]:
            return Reply(422, {"ErrorCode": 300, "Message": "Not right.", "message": "Not right."})
        return takes(name)(request)  # type: ignore[return-value]

    results, api = sent(settings, name, 10, answer)
    assert [key for key, result in results.items() if result.outcome is not ACCEPTED] == [3]
    assert len(api.requests) == 11


def test_a_call_of_resends_is_repeated_with_its_key_and_never_another(settings: LazySettings) -> None:
    results, api = sent(settings, "resend", 10, HANG_UP, takes("resend"))
    assert {result.outcome for result in results.values()} == {ACCEPTED}
    first, second = api.requests
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    _, later = sent(settings, "resend", 9, takes("resend"))
    assert later.requests[0].headers["idempotency-key"] != first.headers["idempotency-key"]
    assert first.headers["x-batch-validation"] == "permissive"


def test_a_fault_of_one_message_before_it_left_holds_back_no_other(settings: LazySettings) -> None:
    jobs = [(1, FakeMessage("no address")), *((key, message) for key, message in messages(5) if key > 1)]
    with provider(takes("postmark")) as api, transport(settings, "postmark", api) as carrier:
        results = outcomes(carrier.send(iter(jobs)))
    assert results == {1: REJECTED, **dict.fromkeys(range(2, 6), ACCEPTED)}


def test_calls_keep_within_the_size_that_a_provider_takes(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    postmark = providers.PROVIDERS["Postmark"]
    assert postmark.batch is not None
    small = postmark._replace(batch=postmark.batch._replace(octets=3000))
    monkeypatch.setitem(providers.PROVIDERS, "Postmark", small)
    results, api = sent(settings, "postmark", 10, takes("postmark"))
    assert {result.outcome for result in results.values()} == {ACCEPTED}
    assert all(len(request.body) <= 3100 for request in api.requests)
    assert len(api.requests) > 2


def test_a_call_never_takes_more_than_the_provider_does(settings: LazySettings) -> None:
    settings.PROVIDER_BATCH = 500
    assert providers.batch_size(providers.PROVIDERS["Resend"]) == 100
    assert providers.batch_size(providers.PROVIDERS["Postmark"]) == 500
    assert providers.batch_size(providers.PROVIDERS["Mailgun"]) == 1


def test_postmarks_other_api_is_used_message_by_message_where_it_is_set(settings: LazySettings) -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, {"ID": "b", "PercentageCompleted": 0, "Status": "Accepted"})

    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    with provider(answer) as api:
        settings.ANYMAIL = {**anymail_settings("postmark", api.url), "POSTMARK_USE_BULK_API": True}
        carrier = BackendTransport()
        results: list[Result] = [result for _, result in carrier.send(messages(3))]
        carrier.close()
    assert [result.outcome for result in results] == [ACCEPTED] * 3
    assert {request.path for request in api.requests} == {"/email/bulk"}
    assert [len(request.data["Messages"]) for request in api.requests] == [1, 1, 1]
