"""Counting in Redis and in the database: the same answers, whoever asks at the same time."""

from __future__ import annotations

import logging
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery import throttling
from digest.delivery.throttling import counting, redis
from digest.delivery.throttling.counting import Order, State
from digest.delivery.throttling.windows import Counter
from tests import services

NOW = datetime(2026, 11, 25, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with services.redis_server() as url:
        yield url


@pytest.fixture
def on_redis(server: str, settings) -> None:
    settings.CELERY_BROKER_URL = server
    redis.store(server).client.flushdb()


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.redis), "database"])
def store(request: pytest.FixtureRequest, db: None) -> str:
    """Every test that names it runs on both."""
    if request.param == "redis":
        request.getfixturevalue("on_redis")
    return request.param


def go(count: int, now: datetime = NOW, domain: str = "gmail.com") -> int:
    return throttling.take([domain] * count, now).count(None)


def waits(domains: list[str], now: datetime = NOW) -> list[float | None]:
    return [wait and (wait.until - now).total_seconds() for wait in throttling.take(domains, now)]


def test_without_limits_everything_goes_and_nobody_is_asked(django_assert_num_queries):
    assert throttling.take(["gmail.com"] * 3, NOW) == [None] * 3  # the database is out of reach here
    assert (throttling.is_on(), throttling.used(NOW), throttling.connections(7, uuid4(), NOW)) == (False, [], 7)


def test_a_window_lets_its_number_go_and_the_next_one_as_many(store, settings):
    settings.SENDING_LIMITS = "10/minute"
    assert [go(4), go(4), go(4), go(4)] == [4, 4, 2, 0]
    assert [go(8, NOW + timedelta(seconds=54)), go(8, NOW + timedelta(seconds=55)), go(8)] == [0, 8, 2]


def test_an_even_stream_within_the_second(store, settings):
    settings.SENDING_LIMITS = "100/second"
    assert [go(200, NOW + timedelta(milliseconds=50 * n)) for n in range(6)] == [10, 0, 10, 0, 10, 0]
    assert go(200, NOW + timedelta(milliseconds=950)) == 10  # what was not used is gone
    assert waits(["a.example"], NOW + timedelta(milliseconds=960)) == [pytest.approx(0.04)]


def test_a_message_counts_under_all_of_its_limits_or_none(store, settings):
    settings.SENDING_LIMITS = "10/hour"
    settings.DESTINATION_LIMITS = "gmail.com googlemail.com: 3/minute; *: 4/minute"
    asked = ["gmail.com", "googlemail.com"] * 3 + ["a.example"] * 6 + ["b.example"] * 6
    told = throttling.take(asked, NOW)
    gone = Tally(domain for domain, wait in zip(asked, told, strict=True) if wait is None)
    assert gone == {"gmail.com": 2, "googlemail.com": 1, "a.example": 4, "b.example": 3}  # ten in all
    assert told[3].reason == "Waits for its turn: 3/minute to gmail.com, googlemail.com"
    assert (told[3].is_for_all, told[-1].is_for_all, told[-1].reason) == (False, True, "Waits for its turn: 10/hour")


def test_whoever_waits_for_a_destination_is_promised_one_window_after_another(store, settings):
    settings.DESTINATION_LIMITS = "gmail.com: 2/second"
    assert waits(["gmail.com"] * 5) == [None, None, 1, 1, 2]
    assert waits(["gmail.com"] * 2) == [2, 3]  # behind those before, also for another worker
    assert waits(["a.example"]) == [None]


def test_promises_end_after_a_quarter_of_an_hour_and_a_long_window_s_end_is_one_moment(store, settings):
    settings.DESTINATION_LIMITS = "gmail.com: 2/second; outlook.com: 2/hour"
    assert max(waits(["gmail.com"] * 3000)[2:]) == 901
    assert waits(["outlook.com"] * 50)[2:] == [3595] * 48


def test_promised_places_hold_when_their_time_comes(store, settings):
    settings.DESTINATION_LIMITS = "gmail.com: 3/second"
    due: dict[int, int] = {0: 20}
    gone = []
    for second in range(8):
        told = waits(["gmail.com"] * due.pop(second, 0), NOW + timedelta(seconds=second))
        gone.append(told.count(None))
        for wait in filter(None, told):
            due[second + int(wait)] = due.get(second + int(wait), 0) + 1
    assert gone == [3, 3, 3, 3, 3, 3, 2, 0]


def test_a_warm_up_lets_go_what_its_day_allows(store, settings):
    settings.WARM_UP, settings.TIME_ZONE = "2026-11-25: 5 8", "Europe/Berlin"
    assert [go(6, NOW + timedelta(hours=hours)) for hours in (0, 10, 11, 12, 34, 35)] == [5, 0, 6, 2, 0, 6]
    assert go(1000, NOW + timedelta(days=2)) == 1000


def test_what_did_not_leave_is_given_back_to_its_own_window_alone(store, settings):
    settings.SENDING_LIMITS, settings.DESTINATION_LIMITS = "10/minute", "gmail.com: 8/minute"
    assert go(8) == 8
    throttling.give_back(["gmail.com"] * 5, NOW)
    assert [go(10), go(10, domain="a.example")] == [5, 2]
    later = NOW + timedelta(minutes=1)
    assert go(10, later) == 8
    throttling.give_back(["gmail.com"] * 5, NOW)  # the window of NOW is over
    assert go(10, later) == 0


def test_a_clock_that_is_a_little_behind_counts_into_the_window_that_others_began(store, settings):
    settings.SENDING_LIMITS = "10/hour"
    ten = NOW.replace(hour=10, minute=0, second=0)
    assert [go(6, ten), go(6, ten - timedelta(seconds=1)), go(6, ten)] == [6, 4, 0]


def test_a_clock_that_was_far_ahead_and_set_back_stops_nobody(store, settings):
    settings.SENDING_LIMITS = "10/hour"
    assert [go(10, NOW + timedelta(days=30)), go(10), go(10)] == [10, 10, 0]


def test_what_is_used_of_each_limit_is_told(store, settings):
    settings.SENDING_LIMITS = "100/second 1000/day"
    settings.DESTINATION_LIMITS = "gmail.com googlemail.com: 3/minute; *: 50/second"
    throttling.take(["gmail.com", "a.example", "a.example"], NOW)
    told = {usage.limit.name(NOW.date()): usage for usage in throttling.used(NOW)}
    assert {name: (usage.used, usage.allowed) for name, usage in told.items()} == {
        "100/second": (3, 10),
        "1000/day": (3, 1000),
        "3/minute to gmail.com, googlemail.com": (1, 3),
    }
    assert told["3/minute to gmail.com, googlemail.com"].until == NOW.replace(minute=1, second=0)
    assert {usage.used for usage in throttling.used(NOW + timedelta(days=1))} == {0}


def test_deployments_that_send_for_different_domains_count_for_themselves(store, settings):
    settings.SENDING_LIMITS, settings.DEFAULT_FROM_EMAIL = "10/hour", "A <a@one.example>"
    assert go(10) == 10
    settings.DEFAULT_FROM_EMAIL = "B <b@two.example>"
    assert go(10) == 10


@pytest.mark.parametrize("size", [1, 200])
def test_a_call_is_one_short_conversation_whatever_the_number_of_messages(
    db, settings, django_assert_max_num_queries, size
):
    settings.SENDING_LIMITS, settings.DESTINATION_LIMITS = "1000/second 100000/day", "*: 5/minute"
    domains = [f"{number % 40}.example" for number in range(size)]
    throttling.take(domains, NOW)
    with django_assert_max_num_queries(4):  # begin, lock, store, commit
        throttling.take(domains, NOW)


def test_redis_forgets_by_itself(on_redis, settings):
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS = "10/day", 1
    go(1)
    throttling.connections(1, uuid4(), NOW)
    client = redis.store(settings.CELERY_BROKER_URL).client
    lasting = sorted(client.ttl(key) for key in client.scan_iter("*"))
    assert lasting == [pytest.approx(120, abs=5), pytest.approx(2 * 86400 + 900, abs=5)]


# Connections


def test_connections_are_shared_and_come_back_by_themselves(store, settings):
    settings.SENDING_CONNECTIONS = 10
    one, two, three = uuid4(), uuid4(), uuid4()

    def ask(run, wanted, seconds):
        return throttling.connections(wanted, run, NOW + timedelta(seconds=seconds))

    assert [ask(one, 6, 0), ask(two, 6, 0), ask(three, 6, 0)] == [6, 4, 0]
    assert [ask(one, 6, 50), ask(two, 6, 50)] == [6, 4]  # renewed
    assert ask(three, 6, 70) == 0
    assert [ask(two, 4, 105), ask(three, 6, 112)] == [4, 6]  # the first was killed
    assert ask(one, 6, 113) == 0
    assert [throttling.connections_used(NOW + timedelta(seconds=seconds)) for seconds in (113, 166)] == [10, 6]
    assert [ask(two, 0, 114), ask(one, 6, 114)] == [0, 4]  # the second gave its share back


# At the same time


def at_once(work: Callable[[], list[Any]], workers: int = 8) -> list[Any]:
    gone: list[Any] = []
    ready = threading.Barrier(workers)

    def run() -> None:
        ready.wait()
        try:
            gone.extend(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return gone


def ask_often() -> list[str]:
    """In both orders: locks taken as they come would meet crosswise."""
    domains = ["gmail.com", "a.example", "b.example"] * 3
    asked = [domains if number % 2 else domains[::-1] for number in range(20)]
    return [
        domain for each in asked for domain, wait in zip(each, throttling.take(each, NOW), strict=True) if wait is None
    ]


def race(settings) -> None:
    settings.SENDING_LIMITS, settings.DESTINATION_LIMITS = "1000/second 150/hour", "gmail.com: 60/second; *: 50/second"
    gone = Tally(at_once(ask_often))
    assert sum(gone.values()) == 100
    assert gone["gmail.com"] <= 60
    assert max(gone["a.example"], gone["b.example"]) <= 50
    told = {usage.limit.name(NOW.date()): usage.used for usage in throttling.used(NOW)}
    assert (told["1000/second"], told["150/hour"], told["60/second to gmail.com"]) == (100, 100, gone["gmail.com"])


def test_eight_workers_never_exceed_a_limit_in_redis(on_redis, settings):
    race(settings)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_workers_never_exceed_a_limit_in_the_database(settings):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's in-memory test database has one connection")
    race(settings)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_workers_share_the_connections_in_the_database(settings):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's in-memory test database has one connection")
    settings.SENDING_CONNECTIONS = 10
    assert sum(at_once(lambda: [throttling.connections(3, uuid4(), NOW)])) == 10


def test_eight_workers_share_the_connections_in_redis(on_redis, settings):
    settings.SENDING_CONNECTIONS = 10
    assert sum(at_once(lambda: [throttling.connections(3, uuid4(), NOW)])) == 10


# Redis and Python decide alike


@st.composite
def orders(draw: st.DrawFn) -> Order:
    counters = []
    for place in range(draw(st.integers(1, 4))):
        quota, length = draw(st.integers(1, 6)), draw(st.sampled_from([0.1, 1, 60]))
        begins = draw(st.integers(0, 3)) * length
        step = draw(st.sampled_from([0.0, length / quota]))
        counters.append(Counter(f"limit {place}", round(begins, 1), round(begins + length, 1), quota, length, step))
    places = st.lists(st.integers(0, len(counters) - 1), unique=True)
    groups = draw(st.lists(places, min_size=1, max_size=3))
    return Order(counters, groups, draw(st.lists(st.integers(0, len(groups) - 1), max_size=12)))


@settings(max_examples=80)
@given(st.lists(st.tuples(orders(), st.integers(0, 200)), min_size=1, max_size=6))
def test_redis_decides_as_python_does(server, steps):
    kept = redis.store(server)
    kept.client.flushdb()
    states: dict[str, State] = {}
    for order, now in steps:
        keys = [counter.key for counter in order.counters]
        expected, after = counting.take(order, [states.get(key, State()) for key in keys], now)
        states.update(zip(keys, after, strict=True))
        verdict = kept.take(order, now)
        assert verdict.blocked == expected.blocked
        assert verdict.promised == pytest.approx(expected.promised, abs=1e-4)
        stored = kept.states(keys)
        assert [state[:2] for state in stored] == [state[:2] for state in after]
        assert [state.promised for state in stored] == pytest.approx([state.promised for state in after], abs=1e-4)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 400)), max_size=40), st.integers(1, 20))
def test_no_window_ever_holds_more_than_its_quota_whatever_comes_when(asked, quota):
    state, gone = State(), Tally()
    for number, now in sorted(asked, key=lambda pair: pair[1]):
        window = now // 60 * 60
        counter = Counter("k", window, window + 60, quota, 60, 60 / quota)
        verdict, (state,) = counting.take(Order([counter], [[0]], [0] * number), [state], now)
        gone[window] += verdict.blocked.count(counting.GOES)
    assert max(gone.values(), default=0) <= quota


# Which store, and none at all


def test_the_queue_s_redis_comes_before_the_cache_s_and_both_before_the_database(settings):
    assert isinstance(throttling.store(), throttling.DatabaseStore)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/1"}}
    assert throttling.store() is redis.store("redis://127.0.0.1:1/1")
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    assert throttling.store() is redis.store("redis://127.0.0.1:1/0")


def test_without_redis_everything_waits_and_it_is_told_once(settings, caplog, server):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{services.free_port()}/0"
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS = "10/second", 5
    with caplog.at_level(logging.WARNING, "digest"):
        assert waits(["gmail.com"] * 3) == [2, 2, 2]
        assert waits(["gmail.com"]) == [2]
        throttling.give_back(["gmail.com"], NOW)
        assert throttling.connections(3, uuid4(), NOW) == 0
        with pytest.raises(throttling.StoreUnavailable):
            throttling.used(NOW)
        settings.CELERY_BROKER_URL = server
        redis.store(server).client.flushdb()
        assert go(1) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_a_redis_that_came_back_empty_is_used_at_once(tmp_path, settings):
    own = services.RedisServer(tmp_path)
    own.start()
    try:
        settings.CELERY_BROKER_URL, settings.SENDING_LIMITS = own.url, "10/hour"
        assert go(20) == 10
        own.stop()
        assert go(20) == 0
        own.start()
        assert go(20) == 10
    finally:
        own.stop()
