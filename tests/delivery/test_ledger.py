"""The ledger's moves, one by one."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from digest.delivery import bounces, breaker, ledger
from digest.delivery.ledger import planning, rescuing
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.models import Breaker, Delivery, DeliveryState, Digest, EditionKind, Lease
from subscriptions import services
from subscriptions.clock import next_slot
from subscriptions.models import Frequency, Subscriber, Suppression
from tests.factories import NOW, DeliveryFactory, EditionFactory, SubscriberFactory, SuppressionFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
RUN, OTHER_RUN = uuid.UUID(int=1), uuid.UUID(int=2)


def daily(day: date = TODAY, **fields):
    return EditionFactory(kind=EditionKind.DAILY, date=day, published=True, **fields)


def leased(count: int = 1, **fields) -> list[ledger.Leased]:
    for _ in range(count):
        DeliveryFactory(due_at=NOW, **fields)
    return ledger.lease(RUN, NOW, count)


def content(row: ledger.Leased) -> ledger.Content:
    selection = '[{"paper": 1, "score": 0.5, "parts": [["trend", 0.5]]}]'
    return ledger.Content(row.id, "[1]", selection, r'{"topics": ["robotics"], "odd": "a\\b\t\"c\" ü"}')


def claim(rows: list[ledger.Leased], run: uuid.UUID = RUN, now: datetime = NOW) -> set[int]:
    return ledger.claim([content(row) for row in rows], run, now, [row.id for row in rows if row.was_claimed])


def claimed(count: int = 1) -> list[Delivery]:
    rows = leased(count)
    assert claim(rows) == {row.id for row in rows}
    return list(Delivery.objects.filter(pk__in=[row.id for row in rows]).order_by("pk"))


def claimed_rows() -> list[ledger.Leased]:
    rows = ledger.lease(RUN, NOW, 10)
    claim(rows)
    return rows


def again(row: Delivery) -> Delivery:
    return Delivery.objects.get(pk=row.pk)


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

    def test_ids_of_one_batch_lie_together_in_their_index_and_none_repeats(self, monkeypatch):
        monkeypatch.setattr(planning, "BATCH", 20)
        SubscriberFactory.create_batch(60, next_delivery_at=NOW)
        daily()
        assert ledger.plan(NOW) == 60
        uids = list(Delivery.objects.order_by("pk").values_list("uid", flat=True))
        assert (len(set(uids)), {uid.version for uid in uids}) == (60, {7})
        milliseconds = [uid.int >> 80 for uid in uids]
        now = int(NOW.timestamp() * 1000)
        assert milliseconds == [now] * 20 + [now + 1] * 20 + [now + 2] * 20

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

    def test_a_reader_with_a_message_on_its_way_is_planned_when_it_has_ended(self):
        reader = SubscriberFactory(next_delivery_at=NOW)
        old = DeliveryFactory(subscriber=reader, edition=daily(TODAY - timedelta(days=1)), state=DeliveryState.CLAIMED)
        daily()
        assert ledger.plan(NOW) == 0
        Delivery.objects.filter(pk=old.pk).update(state=DeliveryState.ACCEPTED)
        assert ledger.plan(NOW) == 1

    def test_readers_who_cannot_be_planned_do_not_hold_up_those_behind_them(self, monkeypatch):
        monkeypatch.setattr(planning, "BATCH", 2)
        busy = SubscriberFactory.create_batch(3, next_delivery_at=NOW - timedelta(hours=1))
        for reader in busy:
            DeliveryFactory(
                subscriber=reader, edition=daily(TODAY - timedelta(days=reader.pk)), state=DeliveryState.CLAIMED
            )
        SubscriberFactory.create_batch(3, next_delivery_at=NOW)
        daily()
        assert ledger.plan(NOW) == 3

    def test_a_plan_that_is_stopped_is_taken_up_by_the_next(self, monkeypatch):
        monkeypatch.setattr(planning, "BATCH", 2)
        SubscriberFactory.create_batch(5, next_delivery_at=NOW)
        daily()
        patience = iter([True, True])
        assert ledger.plan(NOW, lambda: next(patience, False)) == 4
        assert ledger.plan(NOW) == 1

    def test_slots_move_on_by_each_readers_own_schedule(self):
        daily()
        readers = [
            SubscriberFactory(next_delivery_at=NOW, time_zone=zone, delivery_hour=hour, frequency=frequency)
            for zone, hour in (("UTC", 5), ("Asia/Tokyo", 7), ("America/New_York", 23), ("Nowhere/Gone", 7))
            for frequency in (Frequency.DAILY, Frequency.WEEKDAYS)
        ]
        assert ledger.plan(NOW) == len(readers)
        for reader in readers:
            assert Subscriber.objects.get(pk=reader.pk).next_delivery_at == next_slot(reader, NOW)

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
    def test_rows_are_leased_to_one_run_at_a_time(self):
        assert len(leased(3)) == 3
        assert ledger.lease(OTHER_RUN, NOW, 10) == []

    def test_a_leased_row_brings_what_is_known_of_its_reader(self):
        reader = SubscriberFactory(
            time_zone="Asia/Tokyo", frequency=Frequency.WEEKLY, digest_length=7, abstracts="full"
        )
        (row,) = leased(subscriber=reader)
        stored = Delivery.objects.get()
        assert row == (
            stored.pk, str(stored.uid), stored.edition_id, reader.pk, reader.email, "weekly", "Asia/Tokyo", 7, "full",
            False,
        )  # fmt: skip

    def test_a_lapsed_lease_is_taken_over(self):
        (row,) = leased()
        later = NOW + timedelta(minutes=11)
        (taken,) = ledger.lease(OTHER_RUN, later, 10)
        assert taken.id == row.id
        assert claim([taken], OTHER_RUN, later) == {row.id}
        assert claim([row], RUN, later) == set()

    def test_a_run_has_one_stretch_and_others_work_behind_and_before_it(self):
        rows = DeliveryFactory.create_batch(6, due_at=NOW)
        assert [row.id for row in ledger.lease(RUN, NOW, 2)] == [rows[0].pk, rows[1].pk]
        assert [row.id for row in ledger.lease(OTHER_RUN, NOW, 2)] == [rows[2].pk, rows[3].pk]
        assert [row.id for row in ledger.lease(RUN, NOW, 2)] == [rows[4].pk, rows[5].pk]
        third = uuid.UUID(int=3)
        assert [row.id for row in ledger.lease(third, NOW, 10)] == [rows[0].pk, rows[1].pk]
        assert Lease.objects.count() == 3

    def test_released_rows_are_free_at_once(self):
        (row,) = leased()
        ledger.release(OTHER_RUN)
        assert ledger.lease(OTHER_RUN, NOW, 10) == []
        ledger.release(RUN)
        assert [found.id for found in ledger.lease(OTHER_RUN, NOW, 10)] == [row.id]

    def test_rows_put_off_wait_until_their_moment_with_the_reason(self):
        (row,) = leased()
        assert ledger.put_off([row.id], NOW + timedelta(minutes=5), "Mail to example.org is paused") == 1
        assert ledger.lease(RUN, NOW + timedelta(minutes=4), 10) == []
        assert len(ledger.lease(RUN, NOW + timedelta(minutes=5), 10)) == 1
        stored = Delivery.objects.get()
        assert (stored.detail, stored.attempts) == ("Mail to example.org is paused", 0)

    def test_the_limit_holds_and_the_oldest_come_first(self):
        late, early = DeliveryFactory(due_at=NOW), DeliveryFactory(due_at=NOW - timedelta(hours=1))
        assert [row.id for row in ledger.lease(RUN, NOW, 1)] == [early.pk]
        assert [row.id for row in ledger.lease(OTHER_RUN, NOW, 1)] == [late.pk]

    def test_rows_of_the_future_wait(self):
        DeliveryFactory(due_at=NOW + timedelta(seconds=1))
        assert ledger.lease(RUN, NOW, 10) == []

    def test_counting_what_waits_stops_where_it_is_told_to(self):
        DeliveryFactory.create_batch(4, due_at=NOW)
        assert (ledger.waiting(NOW, 10), ledger.waiting(NOW, 3)) == (4, 3)


class TestClaiming:
    def test_a_claim_stores_what_will_be_sent(self):
        (row,) = leased()
        assert claim([row]) == {row.id}
        stored = Delivery.objects.get()
        assert (stored.state, stored.claimed_at, stored.attempts) == ("claimed", NOW, 0)
        assert stored.selection == [{"paper": 1, "score": 0.5, "parts": [["trend", 0.5]]}]
        assert stored.preferences == {"topics": ["robotics"], "odd": 'a\\b\t"c" ü'}
        assert stored.digest.papers == "[1]"

    def test_a_second_claim_replaces_what_the_first_one_carried(self):
        (row,) = claimed()
        ledger.record({row.pk: Result(Outcome.RETURNED)}, RUN, NOW)
        ledger.release(RUN)
        (back,) = ledger.lease(OTHER_RUN, NOW, 1)
        assert back.was_claimed
        newer = content(back)._replace(papers="[2]")
        assert ledger.claim([newer], OTHER_RUN, NOW, [back.id]) == {row.pk}
        assert Digest.objects.get().papers == "[2]"

    def test_a_reader_who_left_after_queueing_is_not_sent_anything(self):
        (row,) = leased()
        services.unsubscribe(row.subscriber_id, services.Origin("test"), NOW)
        assert claim([row]) == set()
        assert not Digest.objects.exists()
        assert ledger.settle_refused([row.id], NOW) == 1
        stored = Delivery.objects.get()
        assert (stored.state, stored.detail) == ("skipped", "Unsubscribed")

    def test_an_address_suppressed_after_queueing_is_not_sent_anything(self):
        (row,) = leased()
        services.suppress(Delivery.objects.get().address_hash, "hard_bounce", "550", NOW)
        assert claim([row]) == set()
        ledger.settle_refused([row.id], NOW)
        stored = Delivery.objects.get()
        assert (stored.state, stored.detail) == ("skipped", "Suppressed")

    def test_a_deleted_readers_row_is_skipped(self):
        (row,) = leased()
        Subscriber.objects.all().delete()
        assert claim([row]) == set()
        assert ledger.settle_refused([row.id], NOW) == 1
        assert Delivery.objects.get().detail == "The reader was deleted"

    def test_a_row_whose_reader_is_gone_is_leased_without_an_address(self):
        DeliveryFactory(due_at=NOW)
        Subscriber.objects.all().delete()
        (row,) = ledger.lease(RUN, NOW, 1)
        assert (row.subscriber_id, row.email) == (None, "")

    def test_the_others_of_a_window_are_claimed_when_one_is_refused(self):
        rows = leased(3)
        services.unsubscribe(rows[1].subscriber_id, services.Origin("test"), NOW)
        assert claim(rows) == {rows[0].id, rows[2].id}

    def test_a_row_that_is_refused_only_because_another_run_was_faster_stays_as_it_is(self):
        rows = leased()
        claim(rows, OTHER_RUN)
        assert claim(rows) == set()
        assert ledger.settle_refused([rows[0].id], NOW) == 0

    def test_no_row_is_claimed_twice(self):
        rows = leased()
        assert claim(rows) == {rows[0].id}
        assert claim(rows) == set()

    def test_a_claim_takes_a_constant_number_of_statements(self, django_assert_max_num_queries):
        rows = leased(20)
        with django_assert_max_num_queries(5):  # savepoints of the test's own transaction among them
            claim(rows)


class TestRecording:
    def test_each_outcome_has_its_state(self):
        rows = claimed(5)
        accepted, rejected, unknown, later, back = rows
        results = {
            accepted.pk: Result(Outcome.ACCEPTED, provider_message_id="id-1"),
            rejected.pk: Result(Outcome.REJECTED, "550 no such user"),
            unknown.pk: Result(Outcome.UNKNOWN, "hung up", fault=Fault.PROVIDER),
            later.pk: Result(Outcome.DEFERRED, "451 later"),
            back.pk: Result(Outcome.RETURNED, fault=Fault.PROVIDER),
        }
        ledger.record(results, RUN, NOW)
        accepted, rejected, unknown, later, back = map(again, rows)
        assert (accepted.state, accepted.accepted_at, accepted.provider_message_id) == ("accepted", NOW, "id-1")
        assert (rejected.state, rejected.detail) == ("rejected", "550 no such user")
        assert (unknown.state, unknown.detail) == ("unknown", "hung up")
        assert (later.state, later.detail, later.attempts) == ("queued", "451 later", 1)
        assert later.due_at == NOW + timedelta(minutes=2)
        assert (back.state, back.due_at, back.attempts) == ("queued", NOW, 0)
        assert ledger.rescue(NOW + timedelta(days=1)) == 0

    def test_a_row_that_is_put_off_waits_longer_each_time_and_is_given_up_by_age(self, settings):
        DeliveryFactory(due_at=NOW, created_at=NOW)
        moment, gaps = NOW, []
        while (row := Delivery.objects.get()).state == "queued":
            moment = row.due_at
            claim(ledger.lease(RUN, moment, 1), RUN, moment)
            ledger.record({row.pk: Result(Outcome.DEFERRED, "451 later")}, RUN, moment)
            gaps.append(Delivery.objects.get().due_at - moment)
        assert gaps[:5] == [timedelta(minutes=minutes) for minutes in (2, 8, 30, 120, 120)]
        assert moment - NOW >= timedelta(hours=settings.LATE_DELIVERY_HOURS)
        assert (row.state, row.detail) == ("rejected", "Given up after 12 hours: 451 later")

    def test_a_row_that_waited_long_through_no_fault_of_its_own_has_all_its_patience_left(self):
        DeliveryFactory(due_at=NOW, created_at=NOW - timedelta(days=3))
        (row,) = claimed_rows()
        ledger.record({row.id: Result(Outcome.DEFERRED, "450 greylisted")}, RUN, NOW)
        assert Delivery.objects.get().state == "queued"

    @pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
    def test_a_fault_of_ours_never_ends_a_row(self, outcome):
        DeliveryFactory(due_at=NOW, created_at=NOW - timedelta(days=3))
        for _ in range(20):
            (row,) = ledger.lease(RUN, Delivery.objects.get().due_at, 1)
            claim([row], RUN, NOW)
            ledger.record({row.id: Result(outcome, "TypeError", fault=Fault.OURS)}, RUN, NOW)
            assert Delivery.objects.get().state == "queued"

    def test_a_returned_row_loses_nothing_but_the_time_the_server_asked_for(self):
        (row,) = claimed()
        ledger.record({row.pk: Result(Outcome.RETURNED, "429", fault=Fault.PROVIDER, retry_after=90)}, RUN, NOW)
        row = again(row)
        assert (row.state, row.attempts, row.due_at) == ("queued", 0, NOW + timedelta(seconds=90))

    @pytest.mark.parametrize("junk", ["\ud83d", "nul \0 and half a pair \udc4d"])
    def test_whatever_another_side_says_can_be_stored(self, junk):
        """JSON can say half a surrogate pair, which no database takes: it would cost a whole window its outcomes."""
        taken, refused = claimed(2)
        results = {
            taken.pk: Result(Outcome.ACCEPTED, provider_message_id=junk),
            refused.pk: Result(Outcome.REJECTED, junk, is_hard_bounce=True),
        }
        ledger.record(results, RUN, NOW)
        bounces.suppress_dead_addresses(results, NOW)
        breaker.trip("smtp:h:25:", Fault.POLICY, junk, NOW)
        assert (again(taken).state, again(refused).state) == ("accepted", "rejected")
        words = {again(taken).provider_message_id, again(refused).detail}
        words |= {Suppression.objects.get().detail, Breaker.objects.get().reason}
        assert words == {junk.replace("\0", "").replace("\ud83d", "?").replace("\udc4d", "?")}

    def test_another_runs_answer_changes_nothing(self):
        (row,) = claimed()
        for outcome in Outcome:
            ledger.record({row.pk: Result(outcome)}, OTHER_RUN, NOW)
        assert again(row).state == "claimed"

    def test_an_event_that_was_faster_is_not_undone(self):
        (row,) = claimed()
        Delivery.objects.update(state=DeliveryState.DELIVERED)
        ledger.record({row.pk: Result(Outcome.ACCEPTED, provider_message_id="id-1")}, RUN, NOW)
        row = again(row)
        assert (row.state, row.accepted_at, row.provider_message_id) == ("delivered", NOW, "id-1")

    def test_statements_do_not_grow_with_rows(self, django_assert_max_num_queries):
        rows = claimed(30)
        results = {row.pk: Result(Outcome.ACCEPTED, provider_message_id=f"id-{row.pk}") for row in rows}
        with django_assert_max_num_queries(4):
            ledger.record(results, RUN, NOW)
        assert {row.provider_message_id for row in Delivery.objects.all()} == {f"id-{row.pk}" for row in rows}

    @pytest.mark.parametrize(
        ("result", "state"),
        [
            (Result(Outcome.RETURNED, fault=Fault.OURS), "queued"),
            (Result(Outcome.DEFERRED, "450 later"), "queued"),
            (Result(Outcome.REJECTED, "550 no"), "rejected"),
            (Result(Outcome.ACCEPTED), "accepted"),
        ],
    )
    def test_a_run_that_was_given_up_for_lost_knows_better(self, result, state):
        (row,) = claimed()
        ledger.rescue(NOW + timedelta(hours=1))
        assert again(row).state == "unknown"
        ledger.record({row.pk: result}, OTHER_RUN if state != "accepted" else RUN, NOW)
        ledger.record({row.pk: result}, RUN, NOW)
        assert again(row).state == state

    def test_a_row_given_up_for_lost_is_not_queued_again_beside_a_newer_one(self):
        (row,) = claimed()
        ledger.rescue(NOW + timedelta(hours=1))
        DeliveryFactory(subscriber=row.subscriber, due_at=NOW)
        ledger.record({row.pk: Result(Outcome.RETURNED, fault=Fault.OURS)}, RUN, NOW)
        assert again(row).state == "unknown"


class TestRescue:
    def test_a_dead_workers_claim_becomes_unknown_never_queued(self):
        (row,) = claimed()
        assert ledger.rescue(NOW + rescuing.DEADLINE) == 0
        assert ledger.rescue(NOW + rescuing.DEADLINE + timedelta(seconds=1)) == 1
        assert again(row).state == "unknown"
        for hours in (1, 2, 24):
            ledger.rescue(NOW + timedelta(hours=hours))
        assert again(row).state == "unknown"

    def test_resending_waits_for_the_provider_and_is_asked_for(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        (row,) = claimed()
        ledger.rescue(NOW + timedelta(minutes=30))
        assert again(row).state == "unknown"
        ledger.rescue(NOW + timedelta(minutes=61))
        assert (again(row).state, again(row).attempts) == ("queued", 1)

    def test_nothing_is_resent_to_a_reader_whose_next_message_is_on_its_way(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        (row,) = claimed()
        Delivery.objects.update(state=DeliveryState.UNKNOWN)
        DeliveryFactory(subscriber=row.subscriber, edition=daily(TODAY - timedelta(days=400)), due_at=NOW)
        ledger.rescue(NOW + timedelta(minutes=61))
        assert again(row).state == "unknown"

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
        ledger.record({row.pk: Result(Outcome.ACCEPTED)}, RUN, NOW + timedelta(minutes=31))
        assert (again(row).state, again(row).detail) == ("accepted", "")


class TestConstraints:
    def test_one_row_per_reader_and_edition(self):
        row = DeliveryFactory(state=DeliveryState.ACCEPTED)
        with pytest.raises(IntegrityError), transaction.atomic():
            DeliveryFactory(edition=row.edition, subscriber=row.subscriber)

    @pytest.mark.parametrize("states", [("queued", "queued"), ("claimed", "claimed"), ("queued", "claimed")])
    def test_one_open_row_per_reader(self, states):
        row = DeliveryFactory(state=states[0])
        with pytest.raises(IntegrityError), transaction.atomic():
            DeliveryFactory(subscriber=row.subscriber, state=states[1])

    def test_no_unknown_state_and_no_claim_without_its_time(self):
        row = DeliveryFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=row.pk).update(state="lost")
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=row.pk).update(state="claimed", claimed_at=None)
