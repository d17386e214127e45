"""Operators hear of a breaker once when it opens and once when it recovers, and of nothing else."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.core import mail

from digest.delivery import alerts, breaker, operators
from digest.delivery.outcomes import Fault
from digest.models import Breaker
from tests.factories import NOW, DeliveryFactory, EditionFactory

pytestmark = pytest.mark.django_db

WAY_OUT = "smtp:mail.example.org:587:paperboy"
REASON = "535 5.7.8 Authentication credentials invalid"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _operators(settings):
    settings.ALERT_ADDRESSES = ["ada@example.org", "grace@example.org"]
    settings.SITE_URL = "https://papers.example.org"


def trip(scope: str = WAY_OUT, fault: Fault = Fault.CREDENTIALS, at=NOW) -> None:
    breaker.trip(scope, fault, REASON, at)


def told() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_an_opened_way_out_is_told_once_with_what_one_needs_to_know():
    DeliveryFactory.create_batch(3)
    trip()
    assert alerts.tell(NOW) == 1
    assert alerts.tell(NOW + MINUTE) == 0
    [message] = mail.outbox
    assert message.subject == "[Paperboy] Sending is paused: All mail through mail.example.org:587 as paperboy"
    assert message.to == ["ada@example.org", "grace@example.org"]
    for part in (REASON, "wrong password", "paused since 14 July 2026, 05:00 UTC", "3 digests", "next at", "resume"):
        assert part in message.body
    assert "https://papers.example.org/admin/" in message.body


@pytest.mark.parametrize("fault", Fault)
def test_that_it_is_tried_again_is_said_once(fault):
    trip(fault=fault)
    alerts.tell(NOW)
    [message] = mail.outbox
    assert message.body.count("It is tried again by itself") == 1


def test_recovery_is_told_once():
    trip()
    alerts.tell(NOW)
    breaker.close(WAY_OUT, NOW + MINUTE)
    assert alerts.tell(NOW + 2 * MINUTE) == 1
    assert alerts.tell(NOW + 3 * MINUTE) == 0
    assert told()[1].startswith("[Paperboy] Sending works again")
    assert len(mail.outbox) == 2


def test_what_opens_again_before_a_success_is_told_no_second_time():
    trip()
    alerts.tell(NOW)
    for minutes in (5, 10, 30):
        at = NOW + minutes * MINUTE
        breaker.admit(WAY_OUT, at)
        assert alerts.tell(at) == 0
        trip(at=at)
        assert alerts.tell(at) == 0
    assert len(mail.outbox) == 1
    breaker.close(WAY_OUT, NOW + timedelta(hours=1))
    alerts.tell(NOW + timedelta(hours=1))
    trip(at=NOW + timedelta(hours=2))
    assert alerts.tell(NOW + timedelta(hours=2)) == 1
    assert len(mail.outbox) == 3


def test_what_closed_before_anyone_was_told_is_not_told_at_all():
    trip()
    breaker.close(WAY_OUT, NOW)
    assert alerts.tell(NOW) == 0
    assert mail.outbox == []


def test_a_destination_is_news_only_after_an_hour():
    scope = breaker.destination("example.net")
    trip(scope, Fault.MESSAGE)
    for minutes in range(2, 59, 4):
        trip(scope, Fault.MESSAGE, NOW + minutes * MINUTE)
        assert alerts.tell(NOW + minutes * MINUTE) == 0
    trip(scope, Fault.MESSAGE, NOW + 61 * MINUTE)
    assert alerts.tell(NOW + 61 * MINUTE) == 1
    assert told() == ["[Paperboy] Sending is paused: Mail to example.net"]


def test_a_destination_whose_pause_is_over_is_no_news():
    scope = breaker.destination("example.net")
    trip(scope, Fault.MESSAGE)
    assert alerts.tell(NOW + timedelta(hours=5)) == 0


def test_an_edition_that_cannot_be_composed_is_told_by_its_name_and_what_waits_for_it():
    edition = EditionFactory(published=True)
    DeliveryFactory.create_batch(2, edition=edition)
    DeliveryFactory()
    trip(breaker.edition(edition.pk), Fault.OURS)
    alerts.tell(NOW)
    assert told() == [f"[Paperboy] Sending is paused: The {edition}"]
    assert "2 digests" in mail.outbox[0].body


def test_what_opens_together_is_one_mail():
    trip()
    trip(breaker.edition(EditionFactory(published=True).pk), Fault.OURS)
    assert alerts.tell(NOW) == 2
    assert [subject.endswith(" and 1 more") for subject in told()] == [True]


def test_a_mail_that_did_not_leave_is_tried_again_at_the_next_tick(settings, monkeypatch, caplog):
    trip()
    settings.ALERT_EMAIL_BACKEND = "tests.delivery.test_alerts.Broken"
    assert alerts.tell(NOW) == 0
    assert (Breaker.objects.get().told, Breaker.objects.get().told_at) == ("closed", None)
    assert "could not be told" in caplog.text
    settings.ALERT_EMAIL_BACKEND = ""
    assert alerts.tell(NOW + MINUTE) == 1
    assert len(mail.outbox) == 1


def test_the_claim_is_stored_before_the_mail_leaves(monkeypatch):
    trip()
    seen = []
    monkeypatch.setattr(operators, "reach", lambda *args: bool(seen.append(Breaker.objects.get().told)) or True)
    alerts.tell(NOW)
    assert seen == ["open"]


def test_of_two_ticks_one_tells():
    trip()
    row = Breaker.objects.get()
    assert [alerts._claim(row, "open", NOW) for _ in range(2)] == [True, False]


def test_without_addresses_the_log_alone_is_told(settings, caplog):
    settings.ALERT_ADDRESSES = []
    trip()
    with caplog.at_level(logging.ERROR):
        assert alerts.tell(NOW) == 1
    assert mail.outbox == []
    assert REASON in caplog.text
    assert alerts.tell(NOW) == 0


class Broken:
    def __init__(self, *args, **options):
        raise OSError("no route to the mail server")
