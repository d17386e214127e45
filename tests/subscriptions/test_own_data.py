"""A reader's own data: a digest's links do not open them, a fresh link does; to take along, or to have erased."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from config.celery import app
from config.masking import mask
from digest.models import Delivery, Interest, Vote
from subscriptions import departures, links
from subscriptions.models import ConsentRecord, Subscriber, Suppression, SuppressionReason
from subscriptions.visitors import DATA_LINKS_PER_HOUR
from tests.factories import DeliveryFactory, PaperFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tasks_at_once() -> Any:
    cache.clear()
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def reader() -> Subscriber:
    reader: Subscriber = SubscriberFactory.create(email="Ada.Lovelace@example.org")
    Interest.objects.create(subscriber=reader, kind="text", name="engines", text="analytical engines")
    Vote.objects.create(subscriber=reader, paper=PaperFactory.create(title="On engines"), wants_more=True)
    DeliveryFactory.create(subscriber=reader)
    return reader


def asked(client: Client, reader: Subscriber) -> str:
    """The path of the link that is mailed."""
    page = client.post(f"{links.preferences_path(reader.pk)}/data").content.decode()
    assert "A link is on its way" in page
    letter = mail.outbox.pop()
    assert letter.to == [reader.email]
    found = re.search(r"(/d/\S+)", letter.body)
    assert found
    return found[1]


def test_the_page_that_a_forwarded_digest_opens_tells_nothing(client: Client, reader: Subscriber) -> None:
    path = f"{links.preferences_path(reader.pk)}/data"
    page = client.get(path).content.decode()
    assert "Ada" not in page
    assert "engines" not in page
    assert not mail.outbox
    token = path.split("/")[2]
    for opened in (f"/d/{token}", f"/d/{token}/paperboy.json"):
        assert client.get(opened).status_code == 404
    assert client.post(f"/d/{token}", {"sure": "yes"}).status_code == 404
    assert Subscriber.objects.filter(pk=reader.pk).exists()


def test_all_that_is_known_is_shown_and_taken_along(client: Client, reader: Subscriber) -> None:
    path = asked(client, reader)
    page = client.get(path)
    assert "Ada.Lovelace@example.org" in page.content.decode()
    assert "1 interest, 1 vote" in page.content.decode()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    file = client.get(f"{path}/paperboy.json")
    assert "attachment" in file.headers["Content-Disposition"]
    told = json.loads(file.content)
    assert told["reader"]["written as"] == "Ada.Lovelace@example.org"
    assert told["interests"][0]["text"] == "analytical engines"
    assert [vote["paper__title"] for vote in told["votes"]] == ["On engines"]
    assert len(told["digests"]) == 1


def test_it_is_erased_once_the_reader_is_sure(client: Client, reader: Subscriber) -> None:
    path = asked(client, reader)
    unsure = client.post(path)
    assert unsure.status_code == 422
    assert "Nothing was erased" in unsure.content.decode()
    assert Subscriber.objects.filter(pk=reader.pk).exists()
    done = client.post(path, {"sure": "yes"}).content.decode()
    assert "You are forgotten" in done
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    for model in (Interest, Vote, ConsentRecord):
        assert not model.objects.exists()
    assert Delivery.objects.get().subscriber is None
    assert client.get(path).status_code == 404


def test_the_link_ends_after_a_day_and_cannot_be_forged(client: Client, reader: Subscriber) -> None:
    with time_machine.travel(NOW, tick=False):
        path = asked(client, reader)
    with time_machine.travel(NOW + timedelta(hours=23), tick=False):
        assert client.get(path).status_code == 200
        for forged in (path[:-1], f"{path[:-1]}{'a' if path[-1] != 'a' else 'b'}", path.swapcase()):
            assert client.get(forged).status_code == 404
    with time_machine.travel(NOW + timedelta(hours=25), tick=False):
        assert client.get(path).status_code == 404
        assert client.post(path, {"sure": "yes"}).status_code == 404


def test_nobody_is_flooded_and_nobody_who_was_stopped_is_written_to(client: Client, reader: Subscriber) -> None:
    path = f"{links.preferences_path(reader.pk)}/data"
    replies = [client.post(path).status_code for _ in range(DATA_LINKS_PER_HOUR + 2)]
    assert replies == [200] * DATA_LINKS_PER_HOUR + [429] * 2
    assert len(mail.outbox) == DATA_LINKS_PER_HOUR
    stopped = SubscriberFactory.create()
    departures.suppress(stopped.address_hash, SuppressionReason.COMPLAINT, "", NOW)
    client.post(f"{links.preferences_path(stopped.pk)}/data")
    assert len(mail.outbox) == DATA_LINKS_PER_HOUR


def test_a_suppression_survives_the_erasure(client: Client, reader: Subscriber) -> None:
    path = asked(client, reader)
    departures.suppress(reader.address_hash, SuppressionReason.COMPLAINT, "", NOW)
    client.post(path, {"sure": "yes"})
    assert Suppression.objects.get().reason == SuppressionReason.COMPLAINT


def test_the_link_is_not_in_the_log(reader: Subscriber) -> None:
    url = links.data_url(reader.pk)
    assert mask(f"GET {url} HTTP/1.1").endswith("/d/[token] HTTP/1.1")
    assert mask(f"GET {url}/paperboy.json HTTP/1.1").endswith("/d/[token]/paperboy.json HTTP/1.1")
