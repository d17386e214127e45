"""Sending under limits, from the queue to a transport: an even stream, nothing lost, nobody else held up."""

from __future__ import annotations

import time
from collections import Counter as Tally
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from digest import stopping
from digest.delivery import ledger, throttling, turns
from digest.delivery.sending import send_due
from digest.delivery.throttling import redis
from digest.delivery.transports.null import NullTransport
from digest.models import Delivery, Lease
from subscriptions.models import Subscriber
from tests import services
from tests.delivery.conftest import issue
from tests.factories import NOW, SubscriberFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
DAY = timedelta(days=1)


class Watched(NullTransport):
    """Notes when each message was drawn, in seconds since the first."""

    def __init__(self, stop_after: int = 0) -> None:
        super().__init__()
        self.drawn: list[float] = []
        self.stop_after = stop_after

    def send(self, messages):
        for answer in super().send(messages):
            self.drawn.append(time.monotonic())
            if len(self.drawn) == self.stop_after:
                stopping.ask()
            yield answer


def busiest_second(moments: list[float]) -> int:
    """The most in any second, wherever it begins."""
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.redis), "database"])
def store(request: pytest.FixtureRequest, settings) -> None:
    if request.param == "redis":
        settings.CELERY_BROKER_URL = request.getfixturevalue("redis_url")


@pytest.fixture(autouse=True)
def work_goes_on():
    yield
    stopping.forget()


def queue(**domains: int) -> None:
    """So many readers at each domain, all due. Underlines are dots."""
    issue()
    for name, count in domains.items():
        domain = name.replace("_", ".")
        for number in range(count):
            SubscriberFactory(email=f"reader{number}@{domain}", next_delivery_at=NOW, digest_length=3)
    assert ledger.plan(NOW) == sum(domains.values())


def states() -> Tally[str]:
    return Tally(Delivery.objects.values_list("state", flat=True))


def test_a_hundred_a_second_are_a_hundred_a_second_and_never_more(store, settings):
    settings.SENDING_LIMITS = "100/second"
    queue(a_example=90, b_example=60)
    transport = Watched()
    report = send_due(NOW, transport=transport)
    assert (report.accepted, report.stopped, states()) == (150, "", {"accepted": 150})
    assert set(Delivery.objects.values_list("due_at", "detail")) == {(NOW, "")}  # nobody was put off
    claims = sorted(Delivery.objects.values_list("claimed_at", flat=True))
    assert max(Tally(moment.replace(microsecond=0) for moment in claims).values()) <= 100
    assert 80 <= busiest_second([moment.timestamp() for moment in claims]) <= 110
    assert busiest_second(transport.drawn) <= 120  # what was let go is drawn a moment later


def test_a_busy_destination_waits_in_the_queue_and_holds_up_nobody(store, settings):
    settings.DESTINATION_LIMITS = "gmail.com: 10/second"
    queue(gmail_com=15, a_example=30)
    report = send_due(NOW, transport=NullTransport())
    assert (report.accepted, states()) == (45, {"accepted": 45})  # the run waited for what it had put off
    claims = list(Delivery.objects.values_list("claimed_at", "subscriber__email"))
    seconds = Tally((moment - NOW).seconds for moment, email in claims if email.endswith("gmail.com"))
    assert max(seconds.values()) <= 10
    others = max(moment for moment, email in claims if email.endswith("a.example"))
    assert others < max(moment for moment, email in claims if email.endswith("gmail.com"))


def test_what_comes_due_while_the_queue_is_looked_at_goes_with_the_same_run(settings, monkeypatch):
    lease = ledger.lease

    def lease_slowly(*arguments):
        leased = lease(*arguments)
        time.sleep(0 if leased else 1)
        return leased

    settings.DESTINATION_LIMITS = "gmail.com: 2/second"
    queue(gmail_com=3)
    monkeypatch.setattr(ledger, "lease", lease_slowly)
    assert send_due(NOW, transport=NullTransport()).accepted == 3


def test_what_the_day_does_not_allow_stays_queued_with_its_reason_and_goes_the_next_day(store, settings):
    settings.WARM_UP = f"{NOW:%Y-%m-%d}: 4 5"
    queue(a_example=7)
    assert send_due(NOW, transport=NullTransport()).accepted == 4
    assert states() == {"accepted": 4, "queued": 3}
    midnight = (NOW + DAY).replace(hour=0, minute=0, second=0)
    waiting = Delivery.objects.filter(state="queued").values_list("due_at", "detail", "attempts")
    assert set(waiting) == {(midnight, "Waits for its turn: 4/day while the address warms up", 0)}
    assert send_due(midnight - timedelta(seconds=30), transport=NullTransport()).accepted == 0
    assert send_due(midnight, transport=NullTransport()).accepted == 3


def test_a_worker_that_must_end_gives_back_the_turns_it_did_not_use(store, settings):
    settings.SENDING_LIMITS = "20/day"
    queue(a_example=20)
    assert send_due(NOW, transport=Watched(stop_after=3)).accepted == 3
    assert throttling.used(NOW)[0].used == 3
    stopping.forget()
    assert send_due(NOW + timedelta(minutes=1), transport=NullTransport()).accepted == 17


def test_turns_are_given_back_before_the_run_is_over_although_the_transport_holds_on_to_what_it_draws_from(settings):
    """Else they would go back whenever Python collects them: in the middle of a query, or after the day's end."""

    class Holding(NullTransport):
        def send(self, messages):
            self.held = messages
            yield from islice(super().send(messages), 3)

    settings.SENDING_LIMITS = "20/day"
    queue(a_example=10)
    transport = Holding()
    assert send_due(NOW, transport=transport).accepted == 3
    assert throttling.used(NOW)[0].used == 3


def test_whoever_left_after_queueing_uses_up_no_turn(settings):
    settings.SENDING_LIMITS = "2/day"
    queue(a_example=3)
    Subscriber.objects.filter(email="reader0@a.example").update(status="unsubscribed")
    send_due(NOW, transport=NullTransport())
    assert throttling.used(NOW)[0].used == states()["accepted"] == 1
    assert send_due(NOW + DAY, transport=NullTransport()).accepted == 1


def test_a_worker_that_waits_ends_at_once_when_it_is_asked_to(settings, monkeypatch):
    monkeypatch.setattr(turns, "SHORT", timedelta(minutes=2))
    settings.SENDING_LIMITS = "1/minute"
    queue(a_example=5)
    began = time.monotonic()
    report = send_due(NOW, transport=Watched(stop_after=1))
    assert (report.accepted, report.stopped, states()["queued"]) == (1, "this worker is to end", 4)
    assert time.monotonic() - began < 30
    assert not Lease.objects.exists()


def test_without_redis_the_run_waits_and_then_ends_with_everything_queued(settings, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", timedelta(seconds=0.1))
    monkeypatch.setattr(throttling, "PAUSE", timedelta(seconds=0.1))
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{services.free_port()}/0"
    settings.SENDING_LIMITS = "100/second"
    queue(a_example=5)
    report = send_due(NOW, transport=NullTransport())
    assert (report.accepted, report.stopped) == (0, "Waits until the limits can be counted again")
    assert set(Delivery.objects.values_list("state", "due_at")) == {("queued", NOW)}


def test_redis_comes_back_and_the_run_goes_on(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(throttling, "PAUSE", timedelta(seconds=0.1))
    server = services.RedisServer(tmp_path)
    settings.CELERY_BROKER_URL, settings.SENDING_LIMITS = server.url, "100/second"
    queue(a_example=5)
    began = []

    def start_once(*_):
        if not began:
            began.append(server.start())

    monkeypatch.setattr(stopping, "sleep", start_once)
    try:
        assert send_due(NOW, transport=NullTransport()).accepted == 5
    finally:
        redis.store(server.url).client.close()
        server.stop()
    assert began


def test_without_limits_no_question_is_asked(monkeypatch):
    monkeypatch.setattr(throttling, "take", None)
    queue(a_example=3)
    assert send_due(NOW, transport=NullTransport()).accepted == 3


def test_two_runs_share_one_limit(store, settings):
    settings.SENDING_LIMITS = "6/day"
    queue(a_example=10)
    accepted = [send_due(NOW, limit=4, transport=NullTransport()).accepted for _ in range(3)]
    assert accepted == [4, 2, 0]
    assert throttling.used(datetime.now(UTC)) != throttling.used(NOW)
