"""What strangers and broken providers send to the webhooks gets a 4xx and leaves nothing; our own trouble is a 500."""

from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta

import pytest
from anymail import urls
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from digest import events, tasks
from digest.events import intake
from digest.models import ProviderEvent
from subscriptions import links
from subscriptions.models import Subscriber, Suppression
from tests.factories import SubscriberFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailDeprecationWarning"),
]

PATHS = sorted({f"/anymail/{pattern.pattern}" for pattern in urls.urlpatterns})
PASSWORD = {"Authorization": "Basic " + base64.b64encode(b"user:password").decode()}
JUNK = [b"", b"{}", b"[]", b"[1]", b"null", b"\xff\x00", b"event=x", b'{"RecordType": 1, "Type": [], "event": {}}']


@pytest.fixture
def secret(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:password"}


def complaint(subscriber: Subscriber) -> bytes:
    return json.dumps({"RecordType": "SpamComplaint", "Email": subscriber.email, "MessageID": "1"}).encode()


def post(client: Client, path: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    return client.post(path, body, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize("path", PATHS)
def test_junk_is_the_senders_fault_with_and_without_the_password(client, secret, path, caplog):
    caplog.set_level(logging.CRITICAL)
    client.raise_request_exception = False
    for body in JUNK:
        assert post(client, path, body) in (400, 401, 404), body
        assert post(client, path, body, PASSWORD) in (200, 400, 404), body
    assert not Suppression.objects.exists()


def test_without_a_secret_nobody_can_silence_a_reader(client, settings):
    settings.ANYMAIL = {}
    reader = SubscriberFactory()
    assert post(client, "/anymail/postmark/tracking/", complaint(reader)) == 404
    assert not ProviderEvent.objects.exists()
    assert not Suppression.objects.exists()


def test_with_it_the_provider_is_heard(client, secret):
    reader = SubscriberFactory()
    assert post(client, "/anymail/postmark/tracking/", complaint(reader), PASSWORD) == 200
    assert not Suppression.objects.exists()
    events.handle(timezone.now())
    assert Suppression.objects.get().address_hash == reader.address_hash


def test_a_request_costs_one_statement_however_many_events_it_tells_of(client, secret):
    batch = [{"event": "delivered", "email": f"r{number}@example.org", "sg_event_id": number} for number in range(30)]
    with CaptureQueriesContext(connection) as queries:
        assert post(client, "/anymail/sendgrid/tracking/", json.dumps(batch).encode(), PASSWORD) == 200
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT"))]
    assert [sql.split()[0] for sql in statements if "RELEASE" not in sql] == ["INSERT"]
    assert ProviderEvent.objects.count() == 30


def test_whoever_stores_first_has_a_task_enqueued_and_the_others_wait_for_it(client, secret, monkeypatch):
    cache.clear()
    asked: list[dict] = []
    monkeypatch.setattr(tasks.handle_events, "apply_async", lambda **options: asked.append(options))
    for _ in range(3):
        post(client, "/anymail/postmark/tracking/", complaint(SubscriberFactory()), PASSWORD)
    assert len(asked) == 1
    tasks.handle_events()
    assert Suppression.objects.count() == 3
    post(client, "/anymail/postmark/tracking/", complaint(SubscriberFactory()), PASSWORD)
    assert len(asked) == 2


def test_without_queue_and_cache_a_report_is_kept_for_the_next_tick(client, secret, monkeypatch, caplog):
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("redis is away")

    monkeypatch.setattr(tasks.cache, "add", away)
    assert post(client, "/anymail/postmark/tracking/", complaint(SubscriberFactory()), PASSWORD) == 200
    assert events.are_waiting()
    assert "the next tick" in caplog.text


def test_a_provider_that_is_not_set_up_is_not_found_and_the_log_says_what_is_missing(client, secret, caplog):
    assert post(client, "/anymail/mailgun/tracking/", b"{}", PASSWORD) == 404
    assert "MAILGUN_WEBHOOK_SIGNING_KEY" in caplog.text


def test_while_the_database_is_away_the_provider_is_told_to_come_again(client, secret, monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    body = complaint(SubscriberFactory())
    monkeypatch.setattr(intake, "store", away)
    monkeypatch.setattr(tasks, "enqueue_events", lambda: pytest.fail("nothing was stored"))
    answer = client.post("/anymail/postmark/tracking/", body, content_type="application/json", headers=PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


class TestSizes:
    def batch(self, size: int) -> bytes:
        event = json.dumps({"event": "delivered", "email": "r@example.org", "sg_event_id": "x", "pad": "y" * 1000})
        return f"[{','.join([event] * (size // len(event)))}]".encode()

    def test_ten_megabytes_and_more_are_too_long(self, client, secret):
        assert post(client, "/anymail/sendgrid/tracking/", b" " * (10 * 1024 * 1024 + 1), PASSWORD) == 413

    def test_a_long_batch_is_read(self, client, secret):
        assert post(client, "/anymail/sendgrid/tracking/", self.batch(4_000_000), PASSWORD) == 200
        assert ProviderEvent.objects.count() == 1

    def test_ten_megabytes_of_nothing_but_brackets_are_refused(self, client, secret):
        for body in (b"[" * 9_000_000, b'{"a":' * 1_500_000, b"\xff" * 9_000_000):
            assert post(client, "/anymail/postmark/tracking/", body, PASSWORD) == 400

    def test_a_length_that_is_no_number_is_no_server_error(self, client, secret):
        answer = client.post("/anymail/postmark/tracking/", b"{}", content_type="application/json", CONTENT_LENGTH="x")
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"DeliveredAt": "2999-01-01T00:00:00Z"},
        {"DeliveredAt": "0001-01-01T00:00:00+23:59"},
        {"Email": ["a", "list"], "MessageID": {"an": "object"}},
        {"Metadata": {"delivery": 17}, "MessageID": 3.5},
        {"Email": "\ud800@example.org", "MessageID": "\ud800\u0000"},
        {"Details": "x" * 100_000},
    ],
)
def test_odd_values_are_stored_without_harm(client, secret, fields):
    body = json.dumps({"RecordType": "Delivery", "Email": "a@example.org", "MessageID": "1", **fields}).encode()
    assert post(client, "/anymail/postmark/tracking/", body, PASSWORD) == 200
    events.handle(timezone.now() + timedelta(hours=1))
    row = ProviderEvent.objects.get()
    assert row.handled_at
    assert row.occurred_at is None or row.occurred_at <= row.received_at


class TestInbound:
    def mail_to(self, address: str) -> bytes:
        return json.dumps({"From": "r@example.org", "OriginalRecipient": address, "MessageID": "1"}).encode()

    def test_mail_is_not_taken_unless_an_address_is_set_for_it(self, client, secret, settings):
        assert post(client, "/anymail/postmark/inbound/", b"{}", PASSWORD) == 404
        settings.UNSUBSCRIBE_ADDRESS = "unsubscribe@example.org"
        assert post(client, "/anymail/postmark/inbound/", b"{}", PASSWORD) == 200
        assert post(client, "/anymail/postmark/inbound/", b"{}") == 400

    def test_a_mail_to_a_readers_own_address_unsubscribes_that_reader(self, client, secret, settings):
        settings.UNSUBSCRIBE_ADDRESS = "unsubscribe@example.org"
        reader, other = SubscriberFactory(), SubscriberFactory()
        body = self.mail_to(links.unsubscribe_address(reader.pk))
        for _ in range(2):
            assert post(client, "/anymail/postmark/inbound/", body, PASSWORD) == 200
        assert Subscriber.objects.get(pk=reader.pk).status == "unsubscribed"
        assert Subscriber.objects.get(pk=other.pk).status == "active"

    def test_a_forged_one_does_not(self, client, secret, settings):
        settings.UNSUBSCRIBE_ADDRESS = "unsubscribe@example.org"
        reader = SubscriberFactory()
        address = links.unsubscribe_address(reader.pk)
        assert post(client, "/anymail/postmark/inbound/", self.mail_to(address)) == 400
        for forged in (address.swapcase(), address.replace("+", "+x"), "unsubscribe@example.org", "+@", ""):
            assert post(client, "/anymail/postmark/inbound/", self.mail_to(forged), PASSWORD) == 200
        assert Subscriber.objects.get(pk=reader.pk).status == "active"
