"""Workers side by side: every event is handled once, and nobody waits for a row that a sender is writing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from digest import events
from digest.events import handling
from digest.models import Delivery, ProviderEvent
from tests.events.making import HARD, event, sent, store
from tests.factories import NOW

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def needs_real_concurrency() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: run with TEST_DATABASE=postgres")


def handled_elsewhere() -> int:
    try:
        return events.handle(NOW)
    finally:
        connection.close()


def test_many_workers_handle_each_event_once(monkeypatch):
    monkeypatch.setattr(handling, "BATCH", 7)
    store(*(event(sent(), **(HARD if number % 5 == 0 else {"event_type": "delivered"})) for number in range(60)))
    with ThreadPoolExecutor(4) as pool:
        done = [future.result() for future in [pool.submit(handled_elsewhere) for _ in range(4)]]
    assert sum(done) + events.handle(NOW) == 60
    assert Delivery.objects.filter(state="delivered").count() == 48


def test_a_row_that_a_sender_is_writing_is_left_for_the_next_time():
    busy, free = sent(), sent()
    store(event(busy, event_type="delivered"), event(free, event_type="delivered"))
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Delivery.objects.filter(pk=busy.pk).update(detail="a sender's")
        assert pool.submit(handled_elsewhere).result(timeout=20) == 1
    assert ProviderEvent.objects.get(handled_at=None).uid == busy.uid
    assert events.handle(NOW) == 1
    busy.refresh_from_db()
    assert busy.state == "delivered"
