"""What strangers and broken providers send to the webhooks gets a 4xx and leaves nothing; our own trouble is a 500."""

from __future__ import annotations

import base64
import json
import logging

import pytest
from django.db import OperationalError
from django.test import Client

from digest import events
from digest.models import ProviderEvent
from digest.views import webhooks
from subscriptions.models import Subscriber, Suppression
from tests.factories import SubscriberFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailDeprecationWarning"),
]

PATHS = sorted({f"/anymail/{pattern.pattern}" for pattern in webhooks.urlpatterns})
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
    assert Suppression.objects.get().address_hash == reader.address_hash


def test_a_provider_that_is_not_set_up_is_not_found_and_the_log_says_what_is_missing(client, secret, caplog):
    assert post(client, "/anymail/mailgun/tracking/", b"{}", PASSWORD) == 404
    assert "MAILGUN_WEBHOOK_SIGNING_KEY" in caplog.text


def test_while_the_database_is_away_the_provider_is_told_to_come_again(client, secret, monkeypatch):
    def away(*_: object) -> bool:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(events, "record", away)
    client.raise_request_exception = False
    assert post(client, "/anymail/postmark/tracking/", complaint(SubscriberFactory()), PASSWORD) == 500


def test_mail_from_people_is_not_taken(client, secret):
    assert post(client, "/anymail/postmark/inbound/", b"{}", PASSWORD) == 404
