"""A reader's page tells of their last deliveries and why nothing came."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions.models import Subscriber
from tests.factories import DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Subscriber:
    row: Subscriber = SubscriberFactory(next_delivery_at=timezone.now() + timedelta(hours=5))
    return row


def page(client: Client, reader: Subscriber) -> str:
    reply = client.get(f"/admin/subscriptions/subscriber/{reader.pk}/change/")
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_last_ten_deliveries_are_shown_with_reasons_and_raw_words(chief: Client, reader: Subscriber) -> None:
    for _ in range(11):
        DeliveryFactory(subscriber=reader, state="delivered")
    newest = EditionFactory(kind="daily", published=True)
    DeliveryFactory(edition=newest, subscriber=reader, state="rejected", detail="552 5.2.2 over quota")
    content = page(chief, reader)
    assert content.count('class="desk-fate"') == 10
    assert f"The {newest} did not come: the mailbox is full. The next digest is due" in content
    assert "552 5.2.2 over quota" in content


def test_the_page_s_title_leaves_the_address_as_it_is(chief: Client) -> None:
    content = page(chief, SubscriberFactory(email="ada@example.org"))
    assert "Ada@example.org" not in content
    assert re.search(r">\s*Subscribers\s*<", content)


def test_a_reader_who_had_nothing_yet_is_told_of(chief: Client, reader: Subscriber) -> None:
    content = page(chief, reader)
    assert "No digest was due yet." in content
    assert "Nothing was planned for this reader yet." in content


def test_the_page_costs_the_same_however_many_deliveries(chief: Client, reader: Subscriber) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page(chief, reader)
        return len(seen)

    DeliveryFactory(subscriber=reader, state="delivered")
    queries()
    few = queries()
    for _ in range(6):
        DeliveryFactory(subscriber=reader, state="delivered")
    assert queries() == few


def test_whoever_may_not_see_the_ledger_sees_the_reader_alone(reader: Subscriber) -> None:
    DeliveryFactory(subscriber=reader, state="rejected", detail="secret words")
    user = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client = Client()
    client.force_login(user)
    content = page(client, reader)
    assert reader.email in content
    assert "secret words" not in content
    assert "What to expect" not in content


def test_a_new_reader_s_form_and_an_unknown_reader_open_as_before(chief: Client) -> None:
    assert chief.get("/admin/subscriptions/subscriber/add/").status_code == 200
    assert chief.get("/admin/subscriptions/subscriber/99999/change/").status_code == 302
    assert chief.get("/admin/subscriptions/subscriber/x/change/").status_code == 302
