"""283 requests that ten providers made, good and forged, sent to the running views twice."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from anymail.exceptions import AnymailAPIError
from anymail.webhooks.amazon_ses import AmazonSESBaseWebhookView
from anymail.webhooks.base import AnymailCoreWebhookView
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from digest import events
from digest.events.reports import hash_of
from digest.models import Delivery, ProviderEvent
from subscriptions.models import ConsentRecord, Subscriber, Suppression
from tests.events.making import sent
from tests.factories import SubscriberFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.shared_data,
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailDeprecationWarning"),
]

SECRETS = {
    "WEBHOOK_SECRET": "username:password",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "TEST_WEBHOOK_SIGNING_KEY",
    "MAILERSEND_SIGNING_SECRET": "TEST_SIGNING_SECRET",
    "MAILERSEND_INBOUND_SECRET": "TEST_INBOUND_SECRET",
    "MANDRILL_WEBHOOK_KEY": "TEST_WEBHOOK_KEY",
    "MANDRILL_API_KEY": "TEST",
    "UNISENDER_GO_API_KEY": "TEST_API_KEY",
    "MAILTRAP_API_TOKEN": "TEST",
    "RESEND_API_KEY": "TEST",
    "RESEND_SIGNING_SECRET": "whsec_" + base64.b64encode(b"test").decode(),
    "RESEND_INBOUND_SECRET": "whsec_" + base64.b64encode(b"test").decode(),
    "POSTMARK_SERVER_TOKEN": "TEST",
    "SENDGRID_API_KEY": "TEST",
    "MAILERSEND_API_TOKEN": "TEST",
    "POSTAL_WEBHOOK_KEY": base64.b64encode(
        rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
}
ABOUT = ("sent", "queued", "deferred", "opened", "clicked", "unsubscribed", "autoresponded")
FURTHER = ["accepted", "delivered", "bounced", "complained"]


@pytest.fixture(autouse=True)
def _set_up(settings, monkeypatch):
    settings.ANYMAIL = SECRETS
    settings.ALLOWED_HOSTS = ["*"]
    settings.UNSUBSCRIBE_ADDRESS = "unsubscribe@example.org"

    def refuse(*_: object, **__: object) -> None:
        raise AnymailAPIError("nothing outside is asked")

    monkeypatch.setattr(AmazonSESBaseWebhookView, "get_boto_client", refuse)
    monkeypatch.setattr(requests.Session, "request", refuse)


@pytest.fixture
def recorded(shared_data) -> list[dict]:
    lines = (shared_data / "webhooks" / "requests.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def lenient(client, monkeypatch):
    """A client whose requests pass signature checks: the recorded keys and clocks are gone, the events are not."""
    monkeypatch.setattr(AnymailCoreWebhookView, "run_validators", lambda view, request: None)
    return client


def replay(client, request: dict) -> int:
    """Send it as it was recorded, have its events handled, and give the status."""
    path = "/anymail/" + request["path"].split("/anymail/", 1)[1]
    headers = {name: value for name, value in request["headers"].items() if name.lower() != "content-length"}
    body = base64.b64decode(request["body_b64"])
    client.raise_request_exception = False
    answer = client.generic(request["method"], path, body, content_type=request["content_type"], headers=headers)
    events.handle(timezone.now() + timedelta(hours=1))
    return answer.status_code


def tracked(request: dict) -> list[dict]:
    return [each for each in request["events"] if each["kind"] == "AnymailTrackingEvent"]


def everything() -> list[object]:
    """All rows that a report could change, as they are."""
    models = (ProviderEvent, Delivery, Subscriber, Suppression, ConsentRecord)
    return [list(model.objects.order_by("pk").values()) for model in models]


def named(request: dict) -> Iterator[tuple[str, str, str]]:
    """Recipient, provider's id and kind of each event that a row of ours could be found by."""
    for each in tracked(request):
        if each.get("message_id") and hash_of(each["recipient"]):
            yield each["recipient"].lower(), each["message_id"], each["event_type"]


def expected_state(kinds: list[str]) -> str:
    """What a message that was accepted ends as, by the meaning of the words."""
    state = "accepted"
    for kind in kinds:
        if kind in ("rejected", "failed") and state == "accepted":
            state = "rejected"
        elif kind in FURTHER and state in FURTHER and FURTHER.index(kind) > FURTHER.index(state):
            state = kind
    return state


def test_nothing_that_was_ever_sent_to_a_webhook_is_a_server_error(client, recorded):
    statuses = [replay(client, request) for _ in range(2) for request in recorded]
    assert len(recorded) == 283
    assert set(statuses) <= {200, 400, 401, 404}


def test_nor_if_it_passes_every_check(lenient, recorded):
    assert {replay(lenient, request) for request in recorded} <= {200, 400, 401, 404}


def test_rows_end_as_the_events_say_and_a_second_time_changes_nothing(lenient, recorded):
    good = [request for request in recorded if request["status"] == 200 and tracked(request)]
    kinds: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for request in good:
        for recipient, message_id, kind in named(request):
            kinds[recipient, message_id].append(kind)
    addresses = {recipient for recipient, _ in kinds}
    readers = {
        address: SubscriberFactory(email=address, confirmed_at=datetime(2010, 1, 1, tzinfo=UTC))
        for address in addresses
    }
    rows = {pair: sent(subscriber=readers[pair[0]], provider_message_id=pair[1]) for pair in kinds}
    assert [replay(lenient, request) for request in good] == [200] * len(good)
    assert len(rows) > 25
    assert {pair: row.state for pair, row in rows.items()} == dict.fromkeys(rows, "accepted")
    for row in rows.values():
        row.refresh_from_db()
    assert {pair: row.state for pair, row in rows.items()} == {pair: expected_state(kinds[pair]) for pair in rows}
    assert {row.state for row in rows.values()} == {"accepted", "delivered", "bounced", "complained", "rejected"}
    assert Suppression.objects.filter(reason="complaint").count() >= 3
    assert Suppression.objects.filter(reason="hard_bounce").count() >= 3
    before = everything()
    assert [replay(lenient, request) for request in good] == [200] * len(good)
    assert everything() == before


def test_forged_requests_change_nothing(client, recorded):
    forged = [
        each
        for each in recorded
        # Recorded where no password was set; with one it is genuine, and has SES's topic confirmed.
        if each["status"] in (400, 401) and "auth_disabled" not in each["test"]
    ]
    for recipient, message_id, _ in (each for request in recorded for each in named(request)):
        if not Subscriber.objects.filter(address_key=recipient).exists():
            sent(subscriber=SubscriberFactory(email=recipient), provider_message_id=message_id)
    before = everything()
    answers = {request["test"]: replay(client, request) for request in forged}
    assert {test: status for test, status in answers.items() if status not in (400, 401)} == {}
    assert len(forged) > 60
    assert everything() == before


def test_without_its_password_a_webhook_is_closed(client, recorded):
    for request in recorded:
        if "/postmark/tracking/" in request["path"] and request["status"] == 200:
            request["headers"] = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
            assert replay(client, request) == 400
    assert not ProviderEvent.objects.exists()
