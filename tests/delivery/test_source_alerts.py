"""Operators hear of a source in trouble once, of several at once, and once when they recover."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.core import mail

from digest.delivery import operators, telling
from digest.delivery.source_alerts import tell
from digest.models import Fault, Outcome, Source
from tests.factories import NOW, SourceFactory, SourceRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("operators_alone")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def ran(source: Source, outcome: Outcome, at=NOW, **facts: object) -> None:
    counts = {"received": 0, "new": 0, "known": 0} if outcome != Outcome.FRESH else {}
    SourceRunFactory(source=source, outcome=outcome, started_at=at, **{**counts, **facts})


def failing(name: str, times: int = 3, at=NOW) -> Source:
    source: Source = SourceFactory(name=name)
    ran(source, Outcome.FRESH, at - 5 * HOUR)
    for number in range(times):
        ran(source, Outcome.FAILED, at - number * HOUR, fault=Fault.NOT_FOUND, message="HTTP 404 Not Found")
    return source


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_the_third_failure_in_a_row_is_told_once_with_what_one_can_do():
    source = failing("cs.LG", times=2)
    assert tell(NOW) == 0
    ran(source, Outcome.FAILED, NOW + HOUR, fault=Fault.NOT_FOUND, message="HTTP 404 Not Found")
    assert tell(NOW + HOUR) == 1
    assert [tell(NOW + HOUR + number * DAY) for number in range(1, 4)] == [0, 0, 0]
    [message] = mail.outbox
    assert (message.subject, message.to) == ("[Paperboy] cs.LG brings nothing", ["ada@example.org"])
    for part in ("failing since 14 July 2026, 04:00 UTC (3 visits)", "There is nothing at this address", "HTTP 404"):
        assert part in message.body
    assert "https://papers.example.org/admin/digest/source/account/" in message.body


def test_one_failure_that_is_a_day_old_is_told_too():
    failing("cs.LG", times=1)
    assert tell(NOW + DAY - MINUTE) == 0
    assert tell(NOW + DAY) == 1


def test_a_stale_source_is_told_in_its_own_words():
    source = SourceFactory(name="cs.LG")
    for number in range(3):
        ran(source, Outcome.STALE, NOW + number * HOUR, message="nothing new for 9 days; usually every day")
    assert tell(NOW + 3 * HOUR) == 1
    assert "nothing new for 9 days; usually every day" in mail.outbox[0].body


def test_recovery_is_told_once():
    source = failing("cs.LG")
    tell(NOW)
    ran(source, Outcome.FRESH, NOW + HOUR, received=12, new=12, known=0)
    assert tell(NOW + HOUR) == 1
    assert [tell(NOW + HOUR + number * DAY) for number in range(1, 4)] == [0, 0, 0]
    assert subjects()[1:] == ["[Paperboy] cs.LG works again"]
    assert "12 new papers" in mail.outbox[1].body


def test_a_network_that_is_down_is_one_mail_for_all_and_one_when_it_is_back():
    """Fifteen sources fail within an hour, each at its own minute, and recover the same way."""
    sources = [failing(f"S{number:02}", times=0) for number in range(15)]
    ticks = 0
    for minute in range(0, 10 * 60, 4):
        now = NOW + minute * MINUTE
        hour, at = divmod(minute, 60)
        for number, source in enumerate(sources):
            if at == number * 4:
                ran(source, Outcome.FAILED if hour < 5 else Outcome.QUIET, now, message="cannot resolve")
        ticks += tell(now)
    assert len(mail.outbox) == 3, subjects()
    assert subjects()[0].endswith("and 14 more bring nothing")
    assert "No source works: this machine's network" in mail.outbox[0].body
    assert all("work" in subject and "again" in subject for subject in subjects()[1:])
    assert ticks == 30
    assert not Source.objects.exclude(told="").exists()


def test_what_fails_soon_after_a_mail_waits_for_the_next():
    failing("A")
    tell(NOW)
    failing("B", at=NOW + 10 * MINUTE)
    failing("C", at=NOW + 40 * MINUTE)
    assert [tell(NOW + minutes * MINUTE) for minutes in (10, 40, 59)] == [0, 0, 0]
    assert tell(NOW + 60 * MINUTE) == 2
    assert subjects() == ["[Paperboy] A brings nothing", "[Paperboy] B and 1 more bring nothing"]


def test_some_that_recover_are_told_after_an_hour_while_others_still_fail():
    first, second = failing("A"), failing("B")
    tell(NOW)
    ran(first, Outcome.QUIET, NOW + MINUTE)
    assert tell(NOW + 2 * MINUTE) == 0
    assert tell(NOW + HOUR) == 1
    assert "Still in trouble: B." in mail.outbox[1].body
    ran(second, Outcome.QUIET, NOW + 2 * HOUR)
    assert tell(NOW + 2 * HOUR) == 1


def test_a_mail_that_did_not_leave_is_tried_again_at_the_next_tick(settings, caplog):
    failing("A")
    settings.ALERT_EMAIL_BACKEND = "tests.delivery.test_alerts.Broken"
    assert tell(NOW) == 0
    assert "could not be told" in caplog.text
    settings.ALERT_EMAIL_BACKEND = ""
    assert tell(NOW + MINUTE) == 1
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_in_between_loses_nothing(monkeypatch):
    failing("A")

    def die(*args):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(operators, "reach", die)
        with pytest.raises(SystemExit):
            tell(NOW)
    assert tell(NOW + MINUTE) == 0  # it may still be telling
    assert tell(NOW + telling.CLAIM + MINUTE) == 1
    assert len(mail.outbox) == 1
    assert tell(NOW + DAY) == 0


def test_of_two_ticks_one_tells():
    source = failing("A")
    assert [telling.claim(source, NOW) for _ in range(2)] == [True, False]


def test_what_was_never_told_needs_no_recovery_and_disabled_sources_are_forgotten():
    source = failing("A", times=1)
    ran(source, Outcome.FRESH, NOW + HOUR)
    other = failing("B")
    tell(NOW + HOUR)
    Source.objects.filter(pk=other.pk).update(is_enabled=False)
    ran(other, Outcome.FRESH, NOW + 2 * HOUR)
    assert tell(NOW + 3 * HOUR) == 0
    assert subjects() == ["[Paperboy] B brings nothing"]
    assert not Source.objects.exclude(told="").exists()


def test_without_addresses_the_log_alone_is_told(settings, caplog):
    settings.ALERT_ADDRESSES = []
    failing("A")
    with caplog.at_level(logging.ERROR):
        assert tell(NOW) == 1
    assert mail.outbox == []
    assert "HTTP 404" in caplog.text
    assert tell(NOW + DAY) == 0
