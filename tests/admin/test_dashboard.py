"""The front page: what to do today, how things are going, and only what one may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from digest.models import Source
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    SignupRequestFactory,
    SourceFactory,
    SourceRunFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


def front(client: Client) -> str:
    reply = client.get("/admin/")
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_open_edition_tells_when_it_goes_out(editor: Client) -> None:
    edition = EditionFactory(publish_at=timezone.now() + timedelta(hours=2, minutes=1))
    EditionPaperFactory.create_batch(3, edition=edition)
    EditionPaperFactory(edition=edition, decision="pinned")
    page = front(editor)
    assert "4 papers in the pool" in page
    assert "1 pinned" in page
    assert "2\xa0hours" in page
    assert "Curate this edition" in page


def test_an_edition_that_is_overdue_is_an_alarm(editor: Client) -> None:
    EditionFactory(publish_at=timezone.now() - timedelta(hours=3))
    assert "Should have gone out 3\xa0hours ago." in front(editor)


def test_sources_in_trouble_come_first_with_their_newest_visit(chief: Client) -> None:
    Source.objects.all().delete()  # some are there from the start
    fine, broken = SourceFactory(name="Able"), SourceFactory(name="Broken")
    SourceRunFactory(source=fine, outcome="failed")
    SourceRunFactory(source=fine, outcome="fresh")
    SourceRunFactory(source=broken, outcome="failed")
    rows = chief.get("/admin/").context["sources"]
    assert [(row["source"].name, row["run"].outcome) for row in rows] == [("Broken", "failed"), ("Able", "fresh")]


def test_a_source_s_line_says_what_its_newest_visit_brought_or_why_it_failed(chief: Client) -> None:
    Source.objects.all().delete()
    counts = {"received": 1_200, "new": 1_100, "known": 100}
    visits = {"a failed": {"outcome": "failed", "fault": "dns"}, "b fresh": {"outcome": "fresh", **counts}, "c": {}}
    for name, facts in visits.items():
        SourceRunFactory(source=SourceFactory(name=name), started_at=timezone.now(), **{"outcome": "", **facts})
    SourceFactory(name="d off", is_enabled=False)
    SourceFactory(name="d new")
    said = {row["source"].name: row["said"] for row in chief.get("/admin/").context["sources"]}
    assert said == {
        "a failed": "Host not found, just now", "b fresh": "1,100 new of 1,200, just now", "c": "Begun just now",
        "d off": "Disabled", "d new": "Waiting for its first visit",
    }  # fmt: skip


def test_deliveries_on_their_way_and_of_recent_editions_are_counted(chief: Client) -> None:
    edition = EditionFactory(published=True)
    DeliveryFactory.create_batch(2, edition=edition, state="queued")
    DeliveryFactory(edition=edition, state="delivered")
    context = chief.get("/admin/").context
    assert [count for _, count in context["sending"]] == [2]
    assert [count for _, count in context["editions"]["recent"][0][1]] == [2, 1]


def test_readers_are_counted_by_what_became_of_them(chief: Client) -> None:
    now = timezone.now()
    SubscriberFactory.create_batch(2)
    SubscriberFactory(confirmed_at=now - timedelta(days=2))
    SignupRequestFactory(asked_at=now)
    SignupRequestFactory(asked_at=now - timedelta(days=8))
    SubscriberFactory(unsubscribed=True, unsubscribed_at=now - timedelta(days=3))
    SubscriberFactory(unsubscribed=True, unsubscribed_at=now - timedelta(days=30))
    assert chief.get("/admin/").context["readers"] == {"active": 3, "unconfirmed": 1, "joined": 1, "left": 1}


def test_the_page_costs_the_same_however_much_there_is(chief: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            front(chief)
        return len(seen)

    def grow() -> None:
        SourceRunFactory()
        EditionPaperFactory(edition=EditionFactory(published=True))
        EditionPaperFactory()
        DeliveryFactory()

    grow()
    queries()
    few = queries()
    for _ in range(4):
        grow()
    assert queries() == few
    assert few < 20


def test_everyone_sees_only_what_they_may(editor: Client) -> None:
    SubscriberFactory()
    SourceRunFactory()
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", "", "irrelevant", is_staff=True))
    for client, shown in ((editor, {"editions"}), (clerk, set())):
        context = client.get("/admin/").context
        assert {part for part in ("editions", "sending", "sources", "readers") if part in context} == shown
    assert "Subscribers" not in front(editor)
    assert "Edition on the desk" in front(editor)
