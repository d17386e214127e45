"""Two of everything at once. SQLite lets one writer in at a time, so only PostgreSQL can show a race."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from subscriptions import services
from subscriptions.models import ConsentRecord, Subscriber, SubscriberStatus
from subscriptions.services import Origin, Preferences
from subscriptions.tokens import TokenData
from tests.factories import NOW, SubscriberFactory

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.postgres]

ORIGIN = Origin("form")
THREADS = 8


@pytest.fixture(autouse=True)
def needs_real_concurrency() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: run with TEST_DATABASE=postgres")


def at_once(work: Callable[[], Any]) -> list[Any]:
    """The results of many threads that begin together."""
    barrier = Barrier(THREADS)

    def run() -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(THREADS)]]


def test_one_address_signing_up_many_times_at_once_is_one_reader_and_one_mail() -> None:
    ids = at_once(lambda: services.request_subscription("ada@example.org", Preferences(), ORIGIN, NOW))
    assert len(set(ids)) == 1
    assert Subscriber.objects.count() == ConsentRecord.objects.count() == 1
    claims = at_once(lambda: services.claim_confirmation(ids[0], NOW))
    assert len([claim for claim in claims if claim]) == 1


def test_someone_who_left_and_is_asked_for_many_times_at_once_gets_one_new_round() -> None:
    reader = SubscriberFactory.create(unsubscribed=True)
    at_once(lambda: services.request_subscription(reader.email, Preferences(), ORIGIN, NOW))
    reader.refresh_from_db()
    assert reader.opt_in_round == 1
    assert ConsentRecord.objects.count() == 1


def test_confirming_twice_at_once_confirms_once() -> None:
    reader = SubscriberFactory.create(pending=True, confirmation_sent_at=NOW)
    results = at_once(lambda: services.confirm(TokenData(reader.pk, 0), ORIGIN, NOW))
    assert len([result for result in results if result]) == 1
    assert ConsentRecord.objects.count() == 1


def test_unsubscribing_twice_at_once_is_recorded_once() -> None:
    reader = SubscriberFactory.create()
    assert sum(at_once(lambda: services.unsubscribe(reader.pk, ORIGIN, NOW))) == 1
    assert ConsentRecord.objects.count() == 1
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_suppressing_twice_at_once_is_one_row() -> None:
    reader = SubscriberFactory.create()
    rows = at_once(lambda: services.suppress(reader.address_hash, "complaint", "", NOW))
    assert len({row.pk for row in rows}) == 1
    assert ConsentRecord.objects.count() == 1
