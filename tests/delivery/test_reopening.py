"""Sending an edition to those who can still get it, and only to them; at once from many sides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from digest.delivery import ledger
from digest.delivery.ledger import Verdict, reopening
from digest.models import Delivery, Edition
from subscriptions import services
from tests.factories import NOW, DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
LATER = NOW + timedelta(hours=30)
GIVEN_UP = "Given up after 12 hours: 451 4.7.1 Greylisted"


@pytest.fixture
def edition() -> Edition:
    return daily(0)


def daily(days: int, **fields: Any) -> Edition:
    row: Edition = EditionFactory(kind="daily", date=TODAY + timedelta(days=days), published=True, **fields)
    return row


def missed(edition: Edition, state: str = "rejected", detail: str = GIVEN_UP, **fields: Any) -> Delivery:
    row: Delivery = DeliveryFactory(edition=edition, state=state, detail=detail, **fields)
    return row


def states(*rows: Delivery) -> list[str]:
    found = dict(Delivery.objects.values_list("pk", "state"))
    return [found[row.pk] for row in rows]


def verdicts(edition: Edition) -> dict[tuple[str, Verdict], int]:
    return {(state, verdict): count for state, verdict, count in ledger.prospects(edition)}


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        ("rejected", GIVEN_UP),
        ("rejected", "421 Too busy"),
        ("rejected", "4.4.7 Message expired"),
        ("skipped", "A newer edition came first"),
        ("skipped", "Suppressed"),
    ],
)
def test_what_ended_for_a_passing_reason_is_queued_again(edition, state, detail):
    row = missed(edition, state, detail, attempts=7)
    assert verdicts(edition) == {(state, Verdict.CAN): 1}
    assert ledger.reopen(edition, LATER) == 1
    row.refresh_from_db()
    assert (row.state, row.detail, row.due_at, row.attempts) == ("queued", "", LATER, 0)
    assert row.created_at == LATER  # or the next put-off would end it as too old
    assert [each.id for each in ledger.lease(uuid.uuid4(), LATER, 10)] == [row.pk]


@pytest.mark.parametrize(
    ("state", "detail", "verdict"),
    [
        ("rejected", "550 5.1.1 No such user", Verdict.REFUSED),
        ("rejected", "", Verdict.REFUSED),
        ("skipped", "No papers", Verdict.NO_PAPERS),
    ],
)
def test_what_would_only_be_repeated_stays_ended(edition, state, detail, verdict):
    row = missed(edition, state, detail)
    assert verdicts(edition) == {(state, verdict): 1}
    assert ledger.reopen(edition, LATER) == 0
    assert states(row) == [state]


def test_nobody_is_written_to_who_must_not_be(edition):
    left, bounced, gone = missed(edition), missed(edition), missed(edition)
    services.unsubscribe(left.subscriber_id, services.Origin("test"), NOW)
    services.suppress(bounced.address_hash, "hard_bounce", "", NOW)
    gone.subscriber.delete()
    expected = {Verdict.NOT_ACTIVE, Verdict.SUPPRESSED, Verdict.DELETED}
    assert {verdict for _, verdict in verdicts(edition)} == expected
    assert ledger.reopen(edition, LATER, with_unknown=True) == 0
    assert states(left, bounced, gone) == ["rejected"] * 3


@pytest.mark.parametrize("state", ["accepted", "delivered", "bounced", "complained", "claimed"])
def test_what_was_sent_or_bounced_never_moves(edition, state):
    row = missed(edition, state)
    assert ledger.reopen(edition, LATER, with_unknown=True) == 0
    assert states(row) == [state]


def test_what_is_in_doubt_moves_only_if_that_is_asked_for(edition):
    row = missed(edition, "unknown", "No answer came")
    assert verdicts(edition) == {("unknown", Verdict.CAN): 1}
    assert ledger.reopen(edition, LATER) == 0
    assert ledger.reopen(edition, LATER, with_unknown=True) == 1
    assert states(row) == ["queued"]


def test_whoever_got_a_newer_edition_of_the_kind_is_left_alone(edition):
    newer, older = daily(1), daily(-1)
    weekly = EditionFactory(kind="weekly", date=TODAY + timedelta(days=6), published=True)
    overtaken, free, second_miss = missed(edition), missed(edition), missed(edition)
    DeliveryFactory(edition=newer, subscriber=overtaken.subscriber, state="delivered")
    DeliveryFactory(edition=older, subscriber=free.subscriber, state="accepted")
    DeliveryFactory(edition=weekly, subscriber=free.subscriber, state="accepted")
    DeliveryFactory(edition=newer, subscriber=second_miss.subscriber, state="rejected")
    assert verdicts(edition) == {("rejected", Verdict.CAN): 2, ("rejected", Verdict.NEWER): 1}
    assert ledger.reopen(edition, LATER) == 2
    assert states(overtaken, free, second_miss) == ["rejected", "queued", "queued"]


@pytest.mark.parametrize("state", ["queued", "claimed"])
def test_whoever_has_another_digest_under_way_is_left_alone(edition, state):
    row = missed(edition)
    DeliveryFactory(edition=daily(-1), subscriber=row.subscriber, state=state)
    assert verdicts(edition) == {("rejected", Verdict.UNDER_WAY): 1}
    assert ledger.reopen(edition, LATER) == 0


def test_an_edition_that_is_not_published_has_nobody_to_be_sent_to():
    row = missed(EditionFactory())
    assert ledger.reopen(row.edition, LATER) == 0


def test_other_editions_are_not_touched_and_nothing_moves_twice(edition):
    row, other = missed(edition), missed(daily(-1))
    assert ledger.reopen(edition, LATER) == 1
    assert ledger.reopen(edition, LATER) == 0
    assert states(row, other) == ["queued", "rejected"]


def test_rows_go_in_batches_and_what_is_left_is_the_next_calls(edition, monkeypatch):
    monkeypatch.setattr(reopening, "BATCH", 2)
    rows = [missed(edition) for _ in range(5)]
    turns = iter([True, True, False, False])
    assert ledger.reopen(edition, LATER, goes_on=lambda: next(turns)) == 2
    assert ledger.reopen(edition, LATER) == 3
    assert states(*rows) == ["queued"] * 5


def test_what_is_found_in_several_rounds_is_all_changed(edition, monkeypatch):
    monkeypatch.setattr(reopening, "ROUND", 2)
    rows = [missed(edition) for _ in range(5)]
    assert ledger.reopen(edition, LATER) == 5
    assert ledger.hasten_edition(edition.pk, NOW) == 5
    assert states(*rows) == ["queued"] * 5


def test_a_count_is_cut_where_it_would_take_too_long(edition):
    for _ in range(3):
        missed(edition)
    assert sum(count for _, _, count in ledger.prospects(edition, limit=2)) == 2
    DeliveryFactory.create_batch(3, edition=edition, due_at=LATER)
    assert ledger.put_off_rows(edition, NOW, limit=2) == 2


def test_rows_that_wait_are_due_at_once_and_the_others_stay_as_they_are(edition):
    waiting, due = DeliveryFactory(edition=edition, due_at=LATER), DeliveryFactory(edition=edition, due_at=NOW)
    elsewhere = DeliveryFactory(edition=daily(1), due_at=LATER)
    now = NOW + timedelta(hours=1)
    assert ledger.hasten_edition(edition.pk, now) == 1
    found = dict(Delivery.objects.values_list("pk", "due_at"))
    assert [found[row.pk] for row in (waiting, due, elsewhere)] == [now, NOW, LATER]


def test_rows_that_were_put_off_for_one_reason_are_due_at_once(edition):
    mine = DeliveryFactory(edition=edition, due_at=LATER, detail="Mail to a.example is paused")
    other = DeliveryFactory(edition=edition, due_at=LATER, detail="Mail to b.example is paused")
    assert ledger.hasten_put_off("Mail to a.example is paused", NOW) == 1
    found = dict(Delivery.objects.values_list("pk", "due_at"))
    assert [found[row.pk] for row in (mine, other)] == [NOW, LATER]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _needs_real_concurrency(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer at a time: run with TEST_DATABASE=postgres")

    def test_many_clicks_queue_every_row_once(self, edition):
        for _ in range(60):
            missed(edition)
        assert sum(at_once(*[lambda: ledger.reopen(edition, LATER)] * 6)) == 60
        assert Delivery.objects.filter(state="queued").count() == 60

    def test_a_plan_at_the_same_time_gives_nobody_two_open_rows(self, edition):
        for _ in range(60):
            missed(edition, subscriber=SubscriberFactory(next_delivery_at=NOW))
        daily(1)
        at_once(*[lambda: ledger.reopen(edition, LATER), lambda: ledger.plan(LATER)] * 2)
        ledger.plan(LATER)
        readers = Delivery.objects.filter(state="queued").values_list("subscriber_id", flat=True)
        assert len(readers) == len(set(readers)) == 60


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """The results of threads that begin together."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in works]]
