"""The ledger's moves, one by one."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from digest.delivery import ledger
from digest.delivery.outcomes import Outcome, Result
from digest.models import Delivery, DeliveryState, EditionKind
from subscriptions import services
from subscriptions.models import Frequency, Subscriber
from tests.factories import NOW, DeliveryFactory, EditionFactory, SubscriberFactory, SuppressionFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
SELECTION = [{"paper": 1, "score": 0.5, "parts": [["trend", 0.5]]}]


def daily(day: date = TODAY, **fields):
    return EditionFactory(kind=EditionKind.DAILY, date=day, published=True, **fields)


def leased(count: int = 1, **fields) -> list[Delivery]:
    for _ in range(count):
        DeliveryFactory(due_at=NOW, **fields)
    return ledger.lease(NOW, count)


def claimed(count: int = 1) -> list[Delivery]:
    rows = leased(count)
    assert ledger.claim(rows, rows[0].lease, NOW) == {row.pk for row in rows}
    return rows


class TestPlanning:
    def test_a_due_reader_gets_one_row_and_their_slot_moves_on(self):
        reader = SubscriberFactory(next_delivery_at=NOW)
        edition = daily()
        assert ledger.plan(NOW) == 1
        row = Delivery.objects.get()
        assert (row.edition, row.subscriber, row.state, row.due_at) == (edition, reader, "queued", NOW)
        assert row.address_hash == reader.address_hash
        reader.refresh_from_db()
        assert reader.next_delivery_at > NOW

    def test_planning_twice_plans_nothing_twice(self):
        SubscriberFactory.create_batch(3, next_delivery_at=NOW)
        daily()
        assert ledger.plan(NOW) == 3
        assert ledger.plan(NOW) == 0
        assert ledger.plan(NOW + timedelta(minutes=1)) == 0
        assert Delivery.objects.count() == 3

    def test_a_reader_whose_edition_is_not_out_keeps_waiting(self):
        reader = SubscriberFactory(next_delivery_at=NOW)
        DeliveryFactory(subscriber=reader, edition=daily(TODAY - timedelta(days=1)), state=DeliveryState.ACCEPTED)
        assert ledger.plan(NOW) == 0
        reader.refresh_from_db()
        assert reader.next_delivery_at == NOW
        daily(TODAY)
        assert ledger.plan(NOW + timedelta(hours=1)) == 1

    def test_a_slot_lapses_when_nothing_new_came_in_time(self, settings):
        reader = SubscriberFactory(next_delivery_at=NOW)
        later = NOW + timedelta(hours=settings.LATE_DELIVERY_HOURS)
        assert ledger.plan(later - timedelta(minutes=1)) == 0
        reader.refresh_from_db()
        assert reader.next_delivery_at == NOW
        assert ledger.plan(later) == 0
        reader.refresh_from_db()
        assert reader.next_delivery_at > later

    def test_a_weekly_reader_gets_the_weekly_edition(self):
        daily()
        weekly = EditionFactory(kind=EditionKind.WEEKLY, date=date(2026, 7, 6), published=True)
        SubscriberFactory(frequency=Frequency.WEEKLY, next_delivery_at=NOW)
        ledger.plan(NOW)
        assert Delivery.objects.get().edition == weekly

    def test_a_first_digest_is_of_any_kind_when_there_is_none_of_the_readers(self):
        edition = daily()
        SubscriberFactory(frequency=Frequency.WEEKLY, next_delivery_at=NOW)
        old_hand = SubscriberFactory(frequency=Frequency.WEEKLY, next_delivery_at=NOW)
        DeliveryFactory(subscriber=old_hand, edition=daily(TODAY - timedelta(days=9)), state=DeliveryState.ACCEPTED)
        assert ledger.plan(NOW) == 1
        assert Delivery.objects.get(state="queued").edition == edition

    def test_an_open_edition_is_not_sent(self):
        EditionFactory(date=TODAY)
        SubscriberFactory(next_delivery_at=NOW)
        assert ledger.plan(NOW) == 0

    def test_nobody_is_planned_who_may_not_be_written_to(self):
        daily()
        SubscriberFactory(pending=True)
        SubscriberFactory(unsubscribed=True)
        SuppressionFactory(address=SubscriberFactory(next_delivery_at=NOW).email)
        SubscriberFactory(next_delivery_at=NOW + timedelta(minutes=1))
        assert ledger.plan(NOW) == 0

    def test_an_older_row_that_still_waits_gives_way_to_the_newer_edition(self):
        reader = SubscriberFactory(next_delivery_at=NOW)
        old = DeliveryFactory(subscriber=reader, edition=daily(TODAY - timedelta(days=1)))
        daily()
        ledger.plan(NOW)
        old.refresh_from_db()
        assert (old.state, old.detail) == ("skipped", "A newer edition came first")

    def test_statements_grow_with_batches_not_with_readers(self, monkeypatch):
        daily()

        def statements(readers: int) -> int:
            SubscriberFactory.create_batch(readers, next_delivery_at=NOW)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert ledger.plan(NOW) == readers
            return len(queries)

        assert statements(2) == statements(40)


class TestLeasing:
    def test_rows_are_leased_to_one_worker_at_a_time(self):
        rows = leased(3)
        assert len({row.lease for row in rows}) == 1
        assert ledger.lease(NOW, 10) == []
        assert ledger.waiting(NOW) == 0

    def test_a_lapsed_lease_is_taken_over(self):
        (row,) = leased()
        (taken,) = ledger.lease(NOW + timedelta(minutes=11), 10)
        assert taken.pk == row.pk
        assert taken.lease != row.lease
        assert ledger.claim([row], row.lease, NOW + timedelta(minutes=11)) == set()

    def test_released_rows_are_free_at_once(self):
        (row,) = leased()
        assert ledger.release(row.lease) == 1
        assert [again.pk for again in ledger.lease(NOW, 10)] == [row.pk]

    def test_the_limit_holds_and_the_oldest_come_first(self):
        late, early = DeliveryFactory(due_at=NOW), DeliveryFactory(due_at=NOW - timedelta(hours=1))
        assert [row.pk for row in ledger.lease(NOW, 1)] == [early.pk]
        assert [row.pk for row in ledger.lease(NOW, 1)] == [late.pk]

    def test_rows_of_the_future_wait(self):
        DeliveryFactory(due_at=NOW + timedelta(seconds=1))
        assert ledger.lease(NOW, 10) == []

    def test_two_rows_of_one_reader_are_never_in_hand_together(self):
        first = DeliveryFactory(due_at=NOW, edition=daily())
        second = DeliveryFactory(due_at=NOW, subscriber=first.subscriber, edition=daily(TODAY - timedelta(days=1)))
        (row,) = ledger.lease(NOW, 10)
        assert row.pk == first.pk
        assert ledger.lease(NOW, 10) == []
        assert ledger.claim([row], row.lease, NOW) == {row.pk}
        ledger.record({row.pk: Result(Outcome.ACCEPTED)}, NOW)
        assert ledger.lease(NOW, 10) == []
        assert [row.pk for row in ledger.lease(NOW + timedelta(minutes=2), 10)] == [second.pk]


class TestClaiming:
    def test_a_claim_stores_what_will_be_sent(self):
        (row,) = leased()
        row.selection, row.preferences = SELECTION, {"topics": ["robotics"]}
        assert ledger.claim([row], row.lease, NOW) == {row.pk}
        row.refresh_from_db()
        assert (row.state, row.claimed_at, row.attempts) == ("claimed", NOW, 1)
        assert (row.selection, row.preferences) == (SELECTION, {"topics": ["robotics"]})

    def test_a_reader_who_left_after_queueing_is_not_sent_anything(self):
        (row,) = leased()
        services.unsubscribe(row.subscriber_id, services.Origin("test"), NOW)
        assert ledger.claim([row], row.lease, NOW) == set()
        assert ledger.settle_refused([row.pk], row.lease, NOW) == 1
        row.refresh_from_db()
        assert (row.state, row.detail) == ("skipped", "Unsubscribed")

    def test_an_address_suppressed_after_queueing_is_not_sent_anything(self):
        (row,) = leased()
        services.suppress(row.address_hash, "hard_bounce", "550", NOW)
        assert ledger.claim([row], row.lease, NOW) == set()
        ledger.settle_refused([row.pk], row.lease, NOW)
        row.refresh_from_db()
        assert (row.state, row.detail) == ("skipped", "Suppressed")

    def test_a_deleted_readers_row_is_skipped(self):
        (row,) = leased()
        Subscriber.objects.all().delete()
        assert ledger.claim([row], row.lease, NOW) == set()
        assert ledger.settle_refused([row.pk], row.lease, NOW) == 1

    def test_the_others_of_a_window_are_claimed_when_one_is_refused(self):
        rows = leased(3)
        services.unsubscribe(rows[1].subscriber_id, services.Origin("test"), NOW)
        assert ledger.claim(rows, rows[0].lease, NOW) == {rows[0].pk, rows[2].pk}

    def test_someone_elses_lease_claims_nothing(self):
        (row,) = leased()
        assert ledger.claim([row], uuid.uuid4(), NOW) == set()
        assert ledger.settle_refused([row.pk], uuid.uuid4(), NOW) == 0

    def test_no_row_is_claimed_twice(self):
        (row,) = claimed()
        assert ledger.claim([row], row.lease, NOW) == set()

    def test_a_reader_with_another_row_just_claimed_waits(self):
        (row,) = leased()
        other = DeliveryFactory(subscriber=row.subscriber, edition=daily(TODAY - timedelta(days=3)), due_at=NOW)
        Delivery.objects.filter(pk=other.pk).update(state="accepted", claimed_at=NOW)
        assert ledger.claim([row], row.lease, NOW) == set()
        assert ledger.settle_refused([row.pk], row.lease, NOW) == 0
        row.refresh_from_db()
        assert row.state == "queued"

    def test_a_claim_takes_a_constant_number_of_statements(self, django_assert_max_num_queries):
        rows = leased(20)
        with django_assert_max_num_queries(8):  # savepoints of the test's own transaction among them
            ledger.claim(rows, rows[0].lease, NOW)


class TestRecording:
    def test_each_outcome_has_its_state(self):
        accepted, rejected, unknown, again, back = claimed(5)
        ledger.record(
            {
                accepted.pk: Result(Outcome.ACCEPTED, "id-1"),
                rejected.pk: Result(Outcome.REJECTED, detail="550 no such user"),
                unknown.pk: Result(Outcome.UNKNOWN, detail="hung up"),
                again.pk: Result(Outcome.REQUEUE, detail="451 later"),
                back.pk: Result(Outcome.RETURNED),
            },
            NOW,
        )
        for row in (accepted, rejected, unknown, again, back):
            row.refresh_from_db()
        assert (accepted.state, accepted.accepted_at, accepted.provider_message_id) == ("accepted", NOW, "id-1")
        assert (rejected.state, rejected.detail) == ("rejected", "550 no such user")
        assert (unknown.state, unknown.detail) == ("unknown", "hung up")
        assert (again.state, again.detail, again.due_at, again.attempts) == (
            "queued",
            "451 later",
            NOW + timedelta(minutes=2),
            1,
        )
        assert (back.state, back.due_at, back.attempts) == ("queued", NOW, 0)
        assert not any(row.lease for row in (accepted, rejected, unknown, again, back))

    def test_attempts_grow_further_apart_and_end(self, settings):
        settings.DELIVERY_MAX_ATTEMPTS = 3
        DeliveryFactory(due_at=NOW)
        moment, gaps = NOW, []
        for _ in range(3):
            (row,) = ledger.lease(moment, 1)
            ledger.claim([row], row.lease, moment)
            ledger.record({row.pk: Result(Outcome.REQUEUE, detail="451 later")}, moment)
            row.refresh_from_db()
            gaps.append(row.due_at - moment)
            moment = row.due_at
        assert gaps[:2] == [timedelta(minutes=2), timedelta(minutes=8)]
        assert (row.state, row.detail) == ("rejected", "Given up after 3 attempts: 451 later")

    def test_an_event_that_was_faster_is_not_undone(self):
        (row,) = claimed()
        Delivery.objects.update(state=DeliveryState.DELIVERED)
        ledger.record({row.pk: Result(Outcome.ACCEPTED, "id-1")}, NOW)
        row.refresh_from_db()
        assert (row.state, row.accepted_at, row.provider_message_id) == ("delivered", NOW, "id-1")

    def test_postponed_rows_are_given_up_after_the_last_attempt(self, settings):
        settings.DELIVERY_MAX_ATTEMPTS = 1
        (row,) = leased()
        assert ledger.postpone([row.pk], row.lease, "Could not be composed", NOW) == 1
        row.refresh_from_db()
        assert row.state == "rejected"


class TestRescue:
    def test_a_dead_workers_claim_becomes_unknown_never_queued(self, settings):
        (row,) = claimed()
        assert ledger.rescue(NOW + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)) == 0
        assert ledger.rescue(NOW + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT, minutes=2)) == 1
        row.refresh_from_db()
        assert row.state == "unknown"
        for hours in (1, 2, 24):
            ledger.rescue(NOW + timedelta(hours=hours))
        row.refresh_from_db()
        assert row.state == "unknown"

    def test_resending_waits_for_the_provider_and_is_asked_for(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        (row,) = claimed()
        ledger.rescue(NOW + timedelta(minutes=30))
        row.refresh_from_db()
        assert row.state == "unknown"
        ledger.rescue(NOW + timedelta(minutes=61))
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("queued", 1)

    def test_what_the_provider_explained_meanwhile_is_not_resent(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        claimed()
        ledger.rescue(NOW + timedelta(minutes=30))
        Delivery.objects.update(state=DeliveryState.DELIVERED)
        ledger.rescue(NOW + timedelta(minutes=61))
        assert Delivery.objects.get().state == "delivered"

    def test_a_slow_workers_late_answer_still_counts(self):
        (row,) = claimed()
        ledger.rescue(NOW + timedelta(minutes=30))
        ledger.record({row.pk: Result(Outcome.ACCEPTED)}, NOW + timedelta(minutes=31))
        row.refresh_from_db()
        assert (row.state, row.detail) == ("accepted", "")


class TestConstraints:
    def test_one_row_per_reader_and_edition(self):
        row = DeliveryFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            DeliveryFactory(edition=row.edition, subscriber=row.subscriber)

    def test_one_claim_per_reader(self):
        row = DeliveryFactory(state=DeliveryState.CLAIMED)
        with pytest.raises(IntegrityError), transaction.atomic():
            DeliveryFactory(subscriber=row.subscriber, state=DeliveryState.CLAIMED)

    def test_no_unknown_state_and_no_claim_without_its_time(self):
        row = DeliveryFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=row.pk).update(state="lost")
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=row.pk).update(state="claimed", claimed_at=None)
