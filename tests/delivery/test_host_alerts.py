"""Operators hear of a host that is paused once, of several at once, of its sources not by themselves; and once when it
works again."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail

from digest.delivery import host_alerts, source_alerts
from digest.errors import HostError
from digest.ingestion.manners import hosts
from digest.ingestion.manners.hosts import Turn
from digest.ingestion.manners.names import PAUSES
from digest.models import Fault, Host, Outcome, Source
from tests.factories import NOW, HostFactory, SourceFactory, SourceRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("operators_alone")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def paused(name: str = "down.example", since=NOW, sources: int = 2) -> Host:
    """With sources that it keeps from being visited, each of which failed three times."""
    prefix = "feeds." if name in PAUSES else ""
    for number in range(sources):
        source = SourceFactory(url=f"https://{prefix}{name}/{number}")
        for hour in range(3):
            failed(source, Fault.SERVER, since + hour * MINUTE)
    return HostFactory(
        name=name, failures=7, reason="HTTP 503", failing_since=since, next_turn_at=since + 3 * HOUR, touched_at=since
    )


def failed(source: Source, fault: Fault, at=NOW) -> None:
    SourceRunFactory(source=source, outcome=Outcome.FAILED, fault=fault, started_at=at, received=0, new=0, known=0)


def tick(now) -> int:
    """As a tick does it."""
    return host_alerts.tell(now) + source_alerts.tell(now)


def answers(host: Host, now=NOW) -> None:
    """One request comes back."""
    turn = Turn(host.name, UUID(int=7))
    Host.objects.filter(pk=host.pk).update(holder=turn.holder)
    hosts.answered(turn, now, timedelta())


def subjects() -> list[str]:
    return [message.subject.removeprefix("[Paperboy] ") for message in mail.outbox]


def test_a_host_that_stays_paused_is_one_mail_and_its_sources_are_none():
    paused()
    assert [tick(NOW + minutes * MINUTE) for minutes in (5, 59)] == [0, 0]
    assert tick(NOW + HOUR) == 1
    assert [tick(NOW + HOUR + number * DAY) for number in range(1, 4)] == [0, 0, 0]
    [message] = mail.outbox
    assert (subjects(), message.to) == (["down.example is paused"], ["ada@example.org"])
    for part in ("paused since 14 July 2026", "(7 failures in a row)", "HTTP 503", "2 sources wait for it", "next at"):
        assert part in message.body
    assert not Source.objects.exclude(told="").exists()


def test_it_is_told_once_when_it_works_again():
    host = paused()
    tick(NOW + HOUR)
    answers(host, NOW + 2 * HOUR)
    assert tick(NOW + 2 * HOUR) == 1
    assert tick(NOW + 2 * HOUR + MINUTE) == 0
    assert subjects()[1:] == ["down.example works again"]


def test_what_goes_on_failing_although_its_host_works_is_told_as_the_sources_own():
    answers(paused())
    assert tick(NOW + 5 * MINUTE) == 2
    assert subjects()[0].endswith("and 1 more bring nothing")
    assert not Host.objects.exclude(told="").exists()


def test_a_source_that_fails_by_itself_is_told_of_although_its_host_is_paused():
    paused()
    own = SourceFactory(name="Moths", url="https://down.example/moths")
    for fault in (Fault.SERVER, Fault.NOT_FOUND, Fault.SERVER):
        failed(own, fault)
    assert tick(NOW + 5 * MINUTE) == 1
    assert subjects() == ["Moths brings nothing"]


def test_all_hosts_at_once_are_one_mail_and_it_says_what_may_be_wrong():
    found = [paused(f"{number}.example", since=NOW + number * MINUTE, sources=1) for number in range(5)]
    assert tick(NOW + HOUR) == 5
    assert subjects() == ["0.example and 4 more are paused"]
    assert "this machine's network or DNS may be down" in mail.outbox[0].body
    for host in found[:3]:
        answers(host)
    assert tick(NOW + HOUR + MINUTE) == 0, "together, while some are still paused"
    assert tick(NOW + 2 * HOUR) == 3
    assert "Still paused: 3.example, 4.example." in mail.outbox[1].body


def test_a_gate_of_several_hosts_is_known_by_its_name():
    paused("arxiv.org")
    assert tick(NOW + HOUR) == 1
    assert subjects() == ["arxiv.org is paused"]


def test_a_host_that_asks_for_a_long_pause_is_told_of_by_its_first_failure():
    SourceFactory(url="https://busy.example/")
    turn = Turn("busy.example", UUID(int=7))
    HostFactory(name=turn.gate, holder=turn.holder)
    hosts.failed(turn, NOW, timedelta(), HostError("HTTP 429", status=429, retry_after=86_400))
    assert [tick(NOW), tick(NOW + HOUR)] == [0, 1]
    assert "(1 failure in a row)" in mail.outbox[0].body
    assert tick(NOW + 2 * DAY) == 0, "over, but nobody has tried it yet"


def test_a_host_that_no_source_needs_is_not_told_of_and_forgotten():
    HostFactory(name="old.example", failures=7, failing_since=NOW - DAY, next_turn_at=NOW)
    host = paused()
    assert tick(NOW + HOUR) == 1
    assert subjects() == ["down.example is paused"]
    Source.objects.update(is_enabled=False)
    assert tick(NOW + 2 * HOUR) == 0
    host.refresh_from_db()
    assert (host.told, host.told_at) == ("", None)


def test_a_mail_that_did_not_leave_is_tried_again_at_the_next_tick(settings, caplog):
    paused()
    settings.ALERT_EMAIL_BACKEND = "tests.delivery.test_alerts.Broken"
    assert host_alerts.tell(NOW + HOUR) == 0
    settings.ALERT_EMAIL_BACKEND = ""
    assert host_alerts.tell(NOW + HOUR + MINUTE) == 1
    settings.ALERT_ADDRESSES = []
    with caplog.at_level(logging.ERROR):
        assert host_alerts.tell(NOW + HOUR + 2 * MINUTE) == 0
    assert "down.example is paused: HTTP 503" in caplog.text


def test_what_was_told_outlives_the_next_request():
    """The gate writes the same row."""
    host = paused()
    tick(NOW + HOUR)
    hosts.take(host.name, MINUTE, lambda: NOW + 4 * HOUR)
    host.refresh_from_db()
    assert host.told == "paused"
