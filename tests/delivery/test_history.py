"""Why nothing came, for every way in which nothing can come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.delivery import breaker, history
from digest.delivery.outcomes import Fault
from digest.models import Breaker, Edition
from subscriptions import services
from subscriptions.models import Subscriber
from tests.factories import NOW, DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def edition() -> Edition:
    row: Edition = EditionFactory(kind="daily", date=NOW.date(), published=True)
    return row


@pytest.fixture
def reader() -> Subscriber:
    row: Subscriber = SubscriberFactory(next_delivery_at=NOW + 24 * HOUR, time_zone="Europe/Berlin")
    return row


def why(reader: Subscriber) -> str:
    return history.why_nothing_came(reader, NOW).text


def test_whoever_left_gets_nothing():
    assert why(SubscriberFactory(unsubscribed=True)).startswith("Unsubscribed on 13 July 2026")


def test_a_suppressed_address_gets_nothing_and_the_reason_is_told(reader):
    services.suppress(reader.address_hash, "hard_bounce", "550 5.1.1 unknown", NOW)
    answer = history.why_nothing_came(reader, NOW)
    assert "has been suppressed since 14 July 2026, 07:00 (Europe/Berlin) (hard bounce)" in answer.text
    assert answer.words == "550 5.1.1 unknown"


def test_one_on_the_wire_and_one_in_the_queue_are_coming(reader, edition):
    row = DeliveryFactory(edition=edition, subscriber=reader, due_at=NOW)
    assert "goes out with the next run" in why(reader)
    row.state, row.claimed_at = "claimed", NOW
    row.save()
    assert "being handed to the mail server" in why(reader)


def test_one_that_was_put_off_says_until_when_and_why(reader, edition):
    DeliveryFactory(edition=edition, subscriber=reader, due_at=NOW + HOUR, detail="452 4.2.2 Mailbox full")
    answer = history.why_nothing_came(reader, NOW)
    assert "waits until 14 July 2026, 08:00 (Europe/Berlin). The mailbox is full." in answer.text
    assert answer.words == "452 4.2.2 Mailbox full"


@pytest.mark.parametrize("scope", ["way out", "edition", "destination", "somebody else’s"])
def test_a_pause_that_concerns_the_reader_is_named(reader, edition, scope):
    DeliveryFactory(edition=edition, subscriber=reader, due_at=NOW)
    scopes = {
        "way out": breaker.identity(),
        "edition": breaker.edition(edition.pk),
        "destination": breaker.destination("example.org"),
    }
    breaker.trip(scopes.get(scope, "to:elsewhere.example"), Fault.CREDENTIALS, "535 no", NOW)
    assert ("paused until 14 July 2026, 07:01" in why(reader)) is (scope in scopes)


def test_a_slot_without_a_new_edition_says_how_long_it_waits(reader, edition, settings):
    settings.LATE_DELIVERY_HOURS = 12
    reader.next_delivery_at = NOW - HOUR
    DeliveryFactory(edition=edition, subscriber=reader, state="delivered")
    assert why(reader).startswith(f"There is no new edition since the {edition}.")
    assert "until 14 July 2026, 18:00 (Europe/Berlin)" in why(reader)


def test_a_slot_before_the_first_edition_and_one_about_to_be_planned(reader):
    reader.next_delivery_at = NOW - HOUR
    assert why(reader).startswith("No daily edition was published yet.")
    edition = EditionFactory(kind="daily", published=True)
    assert why(reader) == f"The {edition} is planned with the next run."


def test_an_edition_that_came_out_between_two_slots_is_named(reader, edition):
    assert "when no digest was due. The next digest is due 15 July 2026, 07:00" in why(reader)


def test_before_any_edition_the_next_slot_is_named(reader):
    assert why(reader).startswith("No digest was due yet. The next digest is due 15 July")


@pytest.mark.parametrize(
    ("state", "detail", "text"),
    [
        ("skipped", "No papers", "did not come: no paper of this edition"),
        ("rejected", "550 5.1.1 unknown", "did not come: there is no such mailbox."),
        (
            "unknown",
            "",
            "It is unknown what became of the Daily edition of 2026-07-14: it was handed over, and no",
        ),
        ("delivered", "", "arrived 14 July 2026, 07:00"),
        ("accepted", "", "was accepted by the mail server 14 July 2026, 07:00"),
    ],
)
def test_the_last_one_is_told_by_what_became_of_it(reader, edition, state, detail, text):
    DeliveryFactory(edition=edition, subscriber=reader, state=state, detail=detail, accepted_at=NOW)
    assert text in why(reader)
    assert "The next digest is due 15 July 2026" in why(reader)


def test_a_weekly_reader_waits_for_a_weekly_edition_but_not_for_the_first(edition):
    reader = SubscriberFactory(frequency="weekly", next_delivery_at=NOW - HOUR)
    assert why(reader) == f"The {edition} is planned with the next run."
    DeliveryFactory(edition=edition, subscriber=reader, state="delivered")
    assert why(reader).startswith("No weekly edition was published yet.")


def test_the_last_ten_come_newest_first(reader):
    rows = [DeliveryFactory(subscriber=reader, state="delivered") for _ in range(12)]
    assert [row.pk for row in history.last_deliveries(reader)] == [row.pk for row in rows[:-11:-1]]


def test_a_pause_names_what_is_paused_once(reader):
    edition = DeliveryFactory(subscriber=reader, due_at=NOW).edition
    breaker.trip("to:example.org", Fault.PROVIDER, "421 later", NOW)
    assert f"The {edition} is in the queue, but mail to example.org is paused until" in why(reader)
    Breaker.objects.all().delete()
    breaker.trip(breaker.edition(edition.pk), Fault.OURS, "TemplateSyntaxError", NOW)
    assert f"The {edition} is in the queue, and paused until" in why(reader)
    assert why(reader).count(str(edition)) == 1
