"""Where a reader stands, and what happens next: one answer, and a true one, on every page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from subscriptions import departures, links
from subscriptions.models import Subscriber, SubscriberStatus, Suppression, SuppressionReason
from subscriptions.standing import Standing, outlook
from subscriptions.tasks import handle_signups
from tests.factories import SubscriberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
GONE = {"status": SubscriberStatus.UNSUBSCRIBED, "next_delivery_at": None}


def stopped(reader: Subscriber, reason: SuppressionReason) -> None:
    departures.suppress(reader.address_hash, reason, "", NOW)


@pytest.mark.parametrize(
    ("reason", "fields", "standing", "words"),
    [
        (None, {}, Standing.ACTIVE, "comes on Wednesday, 2 December at 7:00"),
        (None, {"next_delivery_at": NOW - timedelta(hours=3)}, Standing.ACTIVE, "as soon as there is an edition"),
        (None, GONE, Standing.LEFT, "You are unsubscribed"),
        (SuppressionReason.HARD_BOUNCE, {}, Standing.BOUNCED, "Mail to your address came back"),
        (SuppressionReason.SOFT_BOUNCE, {}, Standing.BOUNCED, "Mail to your address came back"),
        (SuppressionReason.HARD_BOUNCE, GONE, Standing.LEFT, "You are unsubscribed"),
        (SuppressionReason.COMPLAINT, GONE, Standing.COMPLAINED, "reported as spam"),
        (SuppressionReason.REFUSED, GONE, Standing.REFUSED, "never to be written to"),
        (SuppressionReason.MANUAL, {}, Standing.BY_HAND, "have stopped mail"),
    ],
)
def test_each_reader_is_told_what_is_so(
    client: Client, reason: SuppressionReason | None, fields: dict[str, object], standing: Standing, words: str
) -> None:
    slot = {"next_delivery_at": datetime(2026, 12, 2, 6, tzinfo=UTC), "time_zone": "Europe/Berlin"}
    reader = SubscriberFactory.create(**slot | fields)
    if reason:
        Suppression.objects.create(address_hash=reader.address_hash, reason=reason)
    found = outlook(reader, NOW)
    assert found.standing is standing
    assert words in found.words
    assert (found.next is not None) == ("Wednesday" in words)
    with time_machine.travel(NOW, tick=False):
        page = client.get(links.preferences_path(reader.pk)).content.decode()
    assert words in page
    assert ("Send me a link to come back" in page) == standing.may_come_back
    assert ("Your next digest" in page) == (standing is Standing.ACTIVE)


def test_saving_promises_nothing_to_whom_nothing_is_sent(client: Client) -> None:
    reader = SubscriberFactory.create()
    stopped(reader, SuppressionReason.HARD_BOUNCE)
    form = {"frequency": "daily", "delivery_hour": "7", "delivery_weekday": "0", "time_zone": "UTC"}
    form |= {"digest_length": "10", "abstracts": "short", "surprises": "0"}
    page = client.post(links.preferences_path(reader.pk), form).content.decode()
    assert "Saved. Mail to your address came back" in page
    assert "Your digest comes" not in page


def test_the_farewell_says_what_stands_in_the_way_of_a_return(client: Client) -> None:
    reader = SubscriberFactory.create()
    stopped(reader, SuppressionReason.COMPLAINT)
    page = client.post(links.unsubscribe_path(reader.pk)).content.decode()
    assert "reported as spam" in page
    assert "Send me a link" not in page


def test_a_reader_whose_mail_came_back_returns_by_a_fresh_confirmation(client: Client) -> None:
    reader = SubscriberFactory.create()
    stopped(reader, SuppressionReason.HARD_BOUNCE)
    client.post(f"{links.unsubscribe_path(reader.pk)}/again")
    handle_signups()
    assert [message.to for message in mail.outbox] == [[reader.email]]
    assert "/c/" in mail.outbox[0].body


def test_the_desk_calls_it_the_same(client: Client, django_user_model) -> None:
    client.force_login(django_user_model.objects.create_superuser("chief", "", "irrelevant"))
    stopped(SubscriberFactory.create(), SuppressionReason.COMPLAINT)
    page = client.get("/admin/subscriptions/subscriber/").content.decode()
    assert Standing.COMPLAINED.value in page
