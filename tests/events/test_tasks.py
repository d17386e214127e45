"""The queue's edge: what a tick enqueues for events and mailboxes, and how long a task works."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from digest import events, stopping, tasks
from digest.events import handling
from tests.events.making import event, sent, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def enqueued(monkeypatch) -> list[str]:
    cache.clear()
    names: list[str] = []
    for name in ("handle_events", "read_mailbox"):
        monkeypatch.setattr(getattr(tasks, name), "apply_async", lambda name=name, **_: names.append(name))
    return names


def test_a_tick_has_events_worked_off_only_where_some_wait(enqueued, settings):
    tasks.tick()
    assert enqueued == []
    store(event(sent(), event_type="delivered"))
    tasks.tick()
    assert enqueued == ["handle_events"]


def test_a_tick_has_the_mailbox_read_only_where_there_is_one(enqueued, settings):
    settings.BOUNCE_IMAP_URL = "imaps://u:p@mail.example.org"
    tasks.tick()
    assert enqueued == ["read_mailbox"]


def test_one_mailbox_is_read_by_one_task_at_a_time(settings, monkeypatch):
    cache.clear()
    settings.BOUNCE_IMAP_URL = "imaps://u:p@mail.example.org"
    cache.add(tasks.MAILBOX_TAKEN, True)
    monkeypatch.setattr(events, "read_mailbox", lambda *_, **__: pytest.fail("someone else is reading it"))
    tasks.read_mailbox()


def test_a_worker_that_is_to_end_begins_no_further_batch(monkeypatch):
    monkeypatch.setattr(handling, "BATCH", 1)
    store(*(event(sent(), event_type="delivered") for _ in range(2)))
    stopping.ask()
    try:
        tasks.handle_events()
    finally:
        stopping.forget()
    assert events.are_waiting()
    tasks.handle_events()
    assert not events.are_waiting()
