"""Whose turn it is at a host, from row to row, with the moments given."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.errors import HostError
from digest.ingestion.manners import hosts
from digest.ingestion.manners.hosts import Turn, Wait
from digest.models import Host

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PAUSE, LEASE = 3 * SECOND, MINUTE
NAME = "feeds.example"

pytestmark = pytest.mark.django_db


def take(now: datetime = NOW) -> Turn | Wait:
    return hosts.take(NAME, LEASE, lambda: now)


def turn(now: datetime = NOW) -> Turn:
    taken = take(now)
    assert isinstance(taken, Turn), taken
    return taken


def fail(now: datetime = NOW, asked: int | None = None) -> Host:
    hosts.failed(turn(now), now, PAUSE, HostError("HTTP 503", retry_after=asked))
    return Host.objects.get()


def test_one_request_at_a_time_and_a_pause_after_its_end():
    first = turn()
    assert take(NOW + 10 * SECOND) == Wait(NOW + LEASE, 50 * SECOND, True, "")
    hosts.answered(first, NOW + 20 * SECOND, PAUSE)
    assert take(NOW + 22 * SECOND) == Wait(NOW + 23 * SECOND, SECOND, False, "")
    assert turn(NOW + 23 * SECOND)
    assert isinstance(hosts.take("elsewhere.example", LEASE, lambda: NOW), Turn)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_host_that_is_new_is_asked_at_once_whatever_this_machine_s_clock_says(ahead):
    now = datetime.now(UTC)
    assert hosts.take(NAME, LEASE, lambda: now - ahead)
    assert Host.objects.get().next_turn_at == now - ahead + LEASE


def test_a_killed_worker_s_turn_lapses_and_what_it_says_later_counts_for_nothing():
    late = turn()
    now = NOW + LEASE
    second = turn(now)
    hosts.failed(late, now, PAUSE, HostError("too late"))
    hosts.answered(late, now, PAUSE)
    hosts.give_back(late, now, PAUSE)
    assert (Host.objects.get().holder, Host.objects.get().failures) == (second.holder, 0)


def test_a_failure_or_two_cost_seconds_the_third_in_a_row_a_minute_that_doubles_up_to_an_hour():
    now, pauses = NOW, []
    for _ in range(12):
        host = fail(now)
        pauses.append((host.next_turn_at - now) / MINUTE)
        now = host.next_turn_at
    expected = [4 / 60, 8 / 60, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert pauses == pytest.approx(expected, rel=hosts.JITTER)
    assert len({hosts.back_off(5, None) for _ in range(10)}) > 5  # so that many do not come back at once
    assert (host.failures, host.failing_since, host.reason) == (12, NOW, "HTTP 503")


@pytest.mark.parametrize(
    ("asked", "least"), [(120, 2 * MINUTE), (0, 3 * SECOND), (100_000, 100_000 * SECOND), (10**9, timedelta(days=7))]
)
def test_what_a_host_asks_for_it_gets_up_to_a_week(asked, least):
    until = fail(asked=asked).next_turn_at
    assert NOW + least <= until <= NOW + least + MINUTE
    assert take(until - SECOND) == Wait(until, SECOND, False, "HTTP 503")


def test_after_the_pause_one_request_tries_and_others_wait_for_its_answer(caplog):
    for _ in range(3):
        until = fail(Host.objects.get().next_turn_at if Host.objects.exists() else NOW).next_turn_at
    assert "feeds.example is paused until" in caplog.text
    trial = turn(until)
    assert isinstance(take(until), Wait)
    assert Host.objects.paused(until).exists()
    with caplog.at_level(logging.WARNING):
        assert hosts.answered(trial, until + SECOND, PAUSE) is True
    assert "feeds.example works again" in caplog.text
    host = Host.objects.get()
    assert (host.failures, host.reason, host.failing_since) == (0, "", None)
    assert not Host.objects.paused(until).exists()
    assert hosts.answered(turn(until + MINUTE), until + MINUTE, PAUSE) is False


def test_a_trial_that_fails_prolongs_the_pause_and_one_that_ends_without_an_answer_leaves_it_as_it_was():
    for _ in range(3):
        until = fail(Host.objects.get().next_turn_at if Host.objects.exists() else NOW).next_turn_at
    hosts.give_back(turn(until), until, PAUSE)
    host = Host.objects.get()
    assert (host.failures, host.next_turn_at) == (3, until + PAUSE)
    assert fail(until + PAUSE).next_turn_at - until > MINUTE


@pytest.mark.parametrize("back", [HOUR, timedelta(days=400)])
def test_a_clock_that_was_set_back_prolongs_nothing(back):
    hosts.answered(turn(), NOW, PAUSE)
    now = NOW - back
    assert take(now) == Wait(now + PAUSE, PAUSE, False, "")
    assert take(now + SECOND) == Wait(now + PAUSE, PAUSE - SECOND, False, "")  # it goes on
    held = turn(now + PAUSE)
    assert take(now - back) == Wait(now - back + LEASE, LEASE, True, "")
    hosts.failed(held, now - back, PAUSE, HostError("HTTP 503"))
    assert Host.objects.shut(now - back).exists()
    assert not Host.objects.shut(now - back - HOUR).exists()
    assert isinstance(take(now - back + MINUTE), Turn)


def test_a_clock_that_was_set_forward_only_ends_a_pause():
    fail(asked=600)
    assert isinstance(take(NOW + HOUR), Turn)


def test_who_waited_long_for_the_row_reads_the_clock_afterwards():
    """Otherwise what others wrote meanwhile would look like a clock that was set back."""
    hosts.answered(turn(), NOW, PAUSE)
    asked: list[int] = []

    def read() -> datetime:
        asked.append(Host.objects.filter(holder=None).count())
        return NOW

    with CaptureQueriesContext(connection) as queries:
        hosts.take(NAME, LEASE, read)
    assert asked == [1]
    statements = [query["sql"] for query in queries if "digest_host" in query["sql"]]
    assert "COUNT" not in statements[0]
    assert "COUNT" in statements[1]


def test_a_pause_is_ended_by_hand_once():
    assert hosts.end_pause(NAME, NOW) is False
    fail(asked=600)
    assert hosts.end_pause(NAME, NOW + SECOND) is True
    turn(NOW + SECOND)
    assert hosts.end_pause(NAME, NOW + SECOND) is False  # it is being tried


def test_the_clock_is_the_same_for_all_machines():
    before = hosts.clock()
    assert before.tzinfo is not None
    assert before <= hosts.clock()
    assert abs(before - datetime.now(UTC)) < MINUTE
