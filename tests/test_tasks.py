"""The edges of the queue: what a tick enqueues, and that nothing a queue can do to us does harm."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from digest import interests, stopping, tasks
from digest.delivery import ledger, sending
from digest.delivery.ledger import planning
from digest.errors import NoTurn
from digest.ingestion import visits
from digest.models import Delivery, ReaderProfile, SearchEntry, SourceRun, Unindexed
from subscriptions.models import Subscriber
from tests.delivery.conftest import issue
from tests.factories import DeliveryFactory, PaperFactory, SourceFactory, SubscriberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def enqueued(monkeypatch) -> list[tuple[str, tuple, dict]]:
    """What was enqueued, instead of enqueueing it."""
    calls: list[tuple[str, tuple, dict]] = []

    def note(name: str, args: tuple = (), **options: object) -> None:
        calls.append((name, args, options))

    plain = ("refresh_due", "plan_deliveries", "send_digests", "handle_signups", "index_papers")
    for name in (*plain, "renew_interests"):
        monkeypatch.setattr(getattr(tasks, name), "apply_async", partial(note, name))
    return calls


def names(enqueued) -> list[str]:
    return [name for name, _, _ in enqueued]


def test_a_tick_enqueues_one_task_for_all_due_sources_of_a_host(enqueued):
    near = [SourceFactory(next_check_at=None, url=f"https://near.example/{name}").pk for name in "ab"]
    far = SourceFactory(next_check_at=None, url="https://far.example/feed").pk
    later = SourceFactory(next_check_at=timezone.now() + timedelta(hours=1), url="https://near.example/c").pk
    off = SourceFactory(is_enabled=False, url="https://near.example/d").pk
    tasks.tick()
    visits = [sorted(*args) for name, args, _ in enqueued if name == "refresh_due"]
    assert near in visits
    assert [far] in visits
    assert not {later, off} & {source_id for visit in visits for source_id in visit}


def test_interests_are_seen_to_once_an_hour_and_have_what_they_waited_for(enqueued):
    tasks.tick()
    assert "renew_interests" not in names(enqueued)
    reader = SubscriberFactory()
    interests.add_papers(reader, "2401.00001", timezone.now())
    tasks.tick()
    tasks.tick()
    assert names(enqueued).count("renew_interests") == 1
    ReaderProfile.objects.filter(pk=reader.pk).update(model="gone")
    paper = PaperFactory(arxiv_id="2401.00001")
    tasks.renew_interests()
    assert reader.interests.get().papers.get().paper == paper
    assert not ReaderProfile.objects.filter(model="gone").exists()


def test_sources_are_visited_one_a_task_and_only_if_still_due(enqueued, monkeypatch):
    visited: list[int] = []
    monkeypatch.setattr(visits, "visit", lambda source, now: visited.append(source.pk))
    due, taken = (SourceFactory(next_check_at=at).pk for at in (None, timezone.now() + timedelta(minutes=10)))
    waiting = [taken, due, 987654]
    while waiting:
        tasks.refresh_due(waiting)
        waiting = enqueued.pop()[1][0] if enqueued else []
    tasks.refresh_due([due])
    assert visited == [due]


def test_one_task_makes_one_visit(enqueued, monkeypatch):
    visited: list[int] = []
    monkeypatch.setattr(visits, "visit", lambda source, now: visited.append(source.pk))
    first, *rest = (SourceFactory(next_check_at=None).pk for _ in range(3))
    tasks.refresh_due([first, *rest])
    assert visited == [first]
    assert [args for _, args, _ in enqueued] == [(rest,)]


def test_where_one_source_gets_no_turn_the_others_of_its_host_are_left_to_a_later_tick(enqueued, monkeypatch):
    def find_it_paused(source, now):
        raise NoTurn("paused", until=now)

    monkeypatch.setattr(visits, "visit", find_it_paused)
    tasks.refresh_due([SourceFactory(next_check_at=None).pk for _ in range(3)])
    assert enqueued == []


def test_a_tick_plans_and_enqueues_a_task_for_each_chunk(enqueued, settings):
    settings.DELIVERY_CHUNK = 2
    now = timezone.now()
    issue(date=now.date(), publish_at=now - timedelta(hours=1), published_at=now - timedelta(hours=1))
    SubscriberFactory.create_batch(5, next_delivery_at=now - timedelta(minutes=1))
    tasks.tick()
    assert "plan_deliveries" in names(enqueued)
    tasks.plan_deliveries()
    assert Delivery.objects.count() == 5
    assert names(enqueued).count("send_digests") == 3


def test_a_plan_ends_after_the_batch_in_hand_when_the_worker_is_to_end_and_the_next_one_goes_on(enqueued, monkeypatch):
    """What was planned is committed and is sent by others; who was not is still due."""
    monkeypatch.setattr(planning, "BATCH", 2)
    insert = planning._insert

    def ask_and_insert(*args):
        stopping.ask()
        return insert(*args)

    monkeypatch.setattr(planning, "_insert", ask_and_insert)
    now = timezone.now()
    issue(date=now.date(), publish_at=now - timedelta(hours=1), published_at=now - timedelta(hours=1))
    SubscriberFactory.create_batch(5, next_delivery_at=now - timedelta(minutes=1))
    planned = []
    for _ in range(3):
        try:
            tasks.plan_deliveries()
        finally:
            stopping.forget()
        planned.append(Delivery.objects.count())
    assert planned == [2, 4, 5]
    assert names(enqueued) == ["send_digests"] * 3


def test_a_worker_that_is_to_end_plans_nothing(enqueued):
    now = timezone.now()
    issue(date=now.date(), publish_at=now - timedelta(hours=1), published_at=now - timedelta(hours=1))
    late = SubscriberFactory(next_delivery_at=now - timedelta(days=3))
    stopping.ask()
    try:
        tasks.plan_deliveries()
    finally:
        stopping.forget()
    assert not Delivery.objects.exists()
    assert Subscriber.objects.get().next_delivery_at == late.next_delivery_at


def test_a_backlog_does_not_flood_the_queue(enqueued, settings, monkeypatch):
    monkeypatch.setattr(ledger, "waiting", lambda now, most: most)
    tasks.plan_deliveries()
    assert names(enqueued).count("send_digests") == tasks.MAX_SENDING_TASKS


def test_what_is_enqueued_expires_before_the_next_tick_enqueues_it_again(enqueued):
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=1))
    SourceFactory(next_check_at=None)
    tasks.tick()
    tasks.plan_deliveries()
    assert {"refresh_due", "plan_deliveries", "send_digests", "handle_signups"} == set(names(enqueued))
    assert all(options["expires"] < 60 for _, _, options in enqueued)


def test_a_second_beat_does_no_harm(enqueued):
    now = timezone.now()
    issue(date=now.date(), publish_at=now - timedelta(hours=1), published_at=now - timedelta(hours=1))
    SubscriberFactory.create_batch(3, next_delivery_at=now - timedelta(minutes=1))
    for _ in range(2):
        tasks.tick()
        tasks.plan_deliveries()
    assert Delivery.objects.count() == 3


def test_a_failing_step_stops_no_other(enqueued, monkeypatch, caplog):
    def broken(now):
        raise RuntimeError("no papers today")

    for module, name in ((tasks.editions, "run_schedule"), (ledger, "rescue")):
        monkeypatch.setattr(module, name, broken)
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=1))
    tasks.tick()
    assert "plan_deliveries" in names(enqueued)
    assert caplog.text.count("no papers today") >= 2


def test_a_source_that_is_gone_is_not_visited():
    tasks.refresh_due([987654])
    assert not SourceRun.objects.exists()


def test_what_is_due_is_sent_also_when_planning_fails(enqueued, monkeypatch):
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr(ledger, "plan", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.plan_deliveries()
    assert names(enqueued) == ["send_digests"]


@pytest.mark.parametrize(("stopped", "followers"), [(sending.TIME_IS_UP, ["send_digests"]), ("", []), ("paused", [])])
def test_a_sending_task_works_until_its_time_is_up_and_has_another_follow_it(
    enqueued, monkeypatch, settings, stopped, followers
):
    asked = {}

    def note(now, *, seconds):
        asked.update(seconds=seconds)
        return sending.SendReport(stopped=stopped)

    monkeypatch.setattr(tasks, "send_due", note)
    tasks.send_digests()
    assert 0 < asked["seconds"] < settings.CELERY_TASK_SOFT_TIME_LIMIT
    assert names(enqueued) == followers


def test_tidying_that_failed_is_made_up_for_at_the_next_tick(enqueued, monkeypatch):
    done = []
    monkeypatch.setattr(tasks.housekeeping, "tidy", lambda now: 1 / 0)
    tasks.tick()
    monkeypatch.setattr(tasks.housekeeping, "tidy", done.append)
    tasks.tick()
    tasks.tick()
    assert len(done) == 1


def test_every_task_has_a_queue_and_every_queue_a_worker():
    routed = settings.CELERY_TASK_ROUTES
    assert {route["queue"] for route in routed.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE} == set(
        settings.CELERY_TASK_QUEUES
    )


def test_papers_that_were_stored_are_indexed_by_a_task_of_their_own(enqueued):
    tasks.tick()
    assert "index_papers" not in names(enqueued)
    paper = PaperFactory(title="Robots")
    Unindexed.objects.create(paper=paper)
    tasks.tick()
    assert "index_papers" in names(enqueued)
    tasks.index_papers()
    assert SearchEntry.objects.get().paper == paper
    assert not Unindexed.objects.exists()
