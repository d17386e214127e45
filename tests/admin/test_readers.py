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

from digest import interests
from digest.models import MutedKind
from subscriptions.models import Subscriber
from tests.factories import DeliveryFactory, EditionFactory, PaperFactory, SubscriberFactory

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


def test_what_a_reader_asked_for_is_shown_to_whoever_may_see_it(chief: Client, reader: Subscriber) -> None:
    now = timezone.now()
    interests.add_text(reader, "graphs of molecules", now)
    interests.add_papers(reader, "2401.00001", now, "Thesis")
    interests.follow(reader, "Emmy Noether", now)
    interests.mute(reader, MutedKind.WORD, "survey", now)
    paper = PaperFactory(title="A paper they <b>liked</b>")
    interests.cast(reader, paper, now, wants_more=True)
    content = page(chief, reader)
    for words in ("graphs of molecules", "Thesis", "1 waited for", "Emmy Noether", "survey (word or phrase)"):
        assert words in content
    assert "A paper they &lt;b&gt;liked&lt;/b&gt;" in content
    clerk = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client = Client()
    client.force_login(clerk)
    assert "graphs of molecules" not in page(client, reader)


def test_a_paper_s_page_counts_readers_votes(chief: Client, reader: Subscriber) -> None:
    paper = PaperFactory()
    interests.cast(reader, paper, timezone.now(), wants_more=True)
    interests.cast(SubscriberFactory(), paper, timezone.now(), wants_more=False)
    assert "1 more, 1 less" in chief.get(f"/admin/digest/paper/{paper.pk}/change/").text


def test_a_new_reader_s_form_and_an_unknown_reader_open_as_before(chief: Client) -> None:
    assert chief.get("/admin/subscriptions/subscriber/add/").status_code == 200
    assert chief.get("/admin/subscriptions/subscriber/99999/change/").status_code == 302
    assert chief.get("/admin/subscriptions/subscriber/x/change/").status_code == 302
