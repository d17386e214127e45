"""The engine with a transport that does what a test says: what leaves, what does not, and what the ledger says."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import OperationalError

from digest import stopping
from digest.delivery import breaker, composing, journal, ledger, pump, recovery, sending
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.sending import send_due
from digest.models import Breaker, Delivery, Digest
from subscriptions import services
from subscriptions.models import Suppression
from tests.delivery.conftest import issue, readers
from tests.delivery.wire import ACCEPTED, ScriptedTransport
from tests.factories import NOW, SubscriberFactory

pytestmark = pytest.mark.django_db

BLOCKED = Result(Outcome.DEFERRED, "550 5.7.1 blocked", fault=Fault.POLICY)
REFUSED = Result(Outcome.REJECTED, "550 no")
LATER = Result(Outcome.DEFERRED, "451 later")
WRONG_PASSWORD = Result(Outcome.RETURNED, "535 5.7.8 bad credentials", fault=Fault.CREDENTIALS)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def planned(count: int, papers: int = 8):
    issue(papers=papers)
    people = readers(count)
    ledger.plan(NOW)
    return people


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def untouched() -> int:
    """Rows that a fault cost nothing."""
    return Delivery.objects.filter(state="queued", attempts=0, due_at__lte=NOW).count()


def test_every_due_reader_gets_one_message_and_the_ledger_says_what_was_in_it():
    people = planned(7)
    wire = ScriptedTransport()
    report = send_due(NOW, transport=wire)
    assert (report.accepted, report.is_clean, wire.closed) == (7, True, 1)
    assert sorted(wire.drawn) == sorted(reader.email for reader in people)
    assert states() == {"accepted": 7}
    row = Delivery.objects.select_related("digest").first()
    assert len(row.selection) == 3
    assert row.digest.papers == str([item["paper"] for item in row.selection])
    assert row.preferences["length"] == 3


@pytest.mark.parametrize(("ahead", "window"), [(1, 1), (1, 50), (4, 3), (50, 2)])
def test_answers_may_come_in_any_order_and_after_later_claims(settings, ahead, window):
    settings.DELIVERY_WINDOW, settings.DELIVERY_CHUNK = window, 4
    people = planned(9)
    refused = people[4].email
    wire = ScriptedTransport(lambda recipient: REFUSED if recipient == refused else ACCEPTED, ahead=ahead)
    report = send_due(NOW, transport=wire)
    assert (report.accepted, report.rejected) == (8, 1)
    assert Delivery.objects.get(state="rejected").subscriber == people[4]


def test_outcomes_are_recorded_while_the_run_goes_on(monkeypatch):
    monkeypatch.setattr(pump, "FLUSH_MESSAGES", 3)
    monkeypatch.setattr(pump, "FLUSH_SECONDS", 600.0)
    planned(8)
    seen = []
    wire = ScriptedTransport()
    wire.on_draw = lambda recipient: seen.append(Delivery.objects.filter(state="accepted").count())
    send_due(NOW, transport=wire)
    assert seen == [0, 0, 0, 3, 3, 3, 6, 6]


def test_a_stuck_connection_keeps_nobody_elses_outcome_waiting(monkeypatch):
    monkeypatch.setattr(pump, "FLUSH_SECONDS", 0.0)
    planned(2)
    recorded = []

    class Stuck(ScriptedTransport):
        def send(self, messages):
            (first, _), (second, _) = messages
            yield first, ACCEPTED
            self.idle()
            recorded.append(Delivery.objects.get(pk=first).state)
            yield second, ACCEPTED

    send_due(NOW, transport=Stuck())
    assert recorded == ["accepted"]


class TestWhoIsNotWrittenTo:
    def test_whoever_left_or_was_suppressed_after_queueing(self):
        gone, suppressed, deleted, stays = planned(4)
        services.unsubscribe(gone.pk, services.Origin("test"), NOW)
        services.suppress(suppressed.address_hash, "complaint", "", NOW)
        deleted.delete()
        wire = ScriptedTransport()
        report = send_due(NOW, transport=wire)
        assert (report.accepted, report.skipped, report.is_clean) == (1, 3, True)
        assert wire.drawn == [stays.email]

    def test_whoever_leaves_while_an_earlier_window_is_sent(self, settings):
        settings.DELIVERY_WINDOW = 1
        first, second = planned(2)
        wire = ScriptedTransport()
        wire.on_draw = lambda recipient: services.unsubscribe(second.pk, services.Origin("test"), NOW)
        assert send_due(NOW, transport=wire).skipped == 1
        assert wire.drawn == [first.email]

    def test_a_reader_without_papers(self):
        planned(1, papers=0)
        wire = ScriptedTransport()
        assert send_due(NOW, transport=wire).skipped == 1
        assert (Delivery.objects.get().detail, wire.drawn) == ("No papers", [])
        assert not Digest.objects.exists()

    def test_a_dead_mailbox_is_suppressed_at_the_servers_first_answer(self):
        (reader,) = planned(1)
        dead = Result(Outcome.REJECTED, "550 5.1.1 no such user", is_hard_bounce=True)
        send_due(NOW, transport=ScriptedTransport(lambda recipient: dead))
        suppression = Suppression.objects.get()
        assert (suppression.address_hash, suppression.reason) == (reader.address_hash, "hard_bounce")

    def test_an_address_that_no_header_can_hold_is_refused_and_stops_nobody(self):
        odd, fine = planned(2)
        type(odd).objects.filter(pk=odd.pk).update(email="ada@example.org\r\nBcc: eve@example.org")
        wire = ScriptedTransport()
        report = send_due(NOW, transport=wire)
        assert (report.accepted, report.rejected, wire.drawn) == (1, 1, [fine.email])
        assert "No mail can be addressed" in Delivery.objects.get(subscriber=odd).detail


class TestFaultsThatAreNotTheMessages:
    @pytest.mark.parametrize("fault", [Fault.CREDENTIALS, Fault.PROVIDER])
    def test_no_connection_costs_no_row_anything_and_stops_all_workers(self, fault):
        planned(5)
        wire = ScriptedTransport()
        wire.unavailable = Result(Outcome.RETURNED, "nobody answers", fault=fault)
        report = send_due(NOW, transport=wire)
        assert "nobody answers" in report.stopped
        assert untouched() == 5
        stopped = Breaker.objects.get()
        assert (stopped.scope, stopped.state, stopped.fault) == (breaker.identity(), "open", fault)
        other = ScriptedTransport()
        assert "paused" in send_due(NOW + timedelta(seconds=30), transport=other).stopped
        assert other.drawn == []

    def test_after_the_pause_a_few_are_tried_and_then_everybody(self):
        planned(40)
        wire = ScriptedTransport(lambda recipient: WRONG_PASSWORD)
        send_due(NOW, transport=wire)
        assert len(wire.drawn) == 1
        again = ScriptedTransport(lambda recipient: WRONG_PASSWORD)
        send_due(NOW + timedelta(minutes=2), transport=again)
        assert len(again.drawn) == 1
        assert untouched() == 40
        first_pause, second_pause = timedelta(minutes=1), timedelta(minutes=2)
        assert Breaker.objects.get().until - (NOW + timedelta(minutes=2)) >= second_pause > first_pause
        report = send_due(NOW + timedelta(minutes=10), transport=ScriptedTransport())
        assert (report.accepted, report.is_clean) == (40, True)
        assert Breaker.objects.get().state == "closed"

    def test_a_trial_that_brings_no_answer_tries_no_more_than_a_few(self):
        planned(40)
        send_due(NOW, transport=ScriptedTransport(lambda recipient: WRONG_PASSWORD))
        wire = ScriptedTransport(lambda recipient: None)
        send_due(NOW + timedelta(minutes=2), transport=wire)
        assert len(wire.drawn) == breaker.PROBE_MESSAGES
        assert states() == {"unknown": breaker.PROBE_MESSAGES, "queued": 40 - breaker.PROBE_MESSAGES}

    def test_while_one_worker_tries_the_others_wait(self):
        planned(3)
        send_due(NOW, transport=ScriptedTransport(lambda recipient: WRONG_PASSWORD))
        later = NOW + timedelta(minutes=2)
        assert breaker.admit(breaker.identity(), later) == breaker.PROBE_MESSAGES
        assert breaker.admit(breaker.identity(), later) == 0
        assert breaker.admit(breaker.identity(), later + breaker.PROBE) == breaker.PROBE_MESSAGES

    def test_an_operator_who_mended_it_need_not_wait(self):
        planned(3)
        send_due(NOW, transport=ScriptedTransport(lambda recipient: WRONG_PASSWORD))
        assert breaker.resume(breaker.identity(), NOW)
        assert send_due(NOW, transport=ScriptedTransport()).accepted == 3

    def test_a_pause_the_server_asks_for_is_kept(self):
        planned(3)
        busy = Result(Outcome.RETURNED, "429", fault=Fault.PROVIDER, retry_after=900)
        send_due(NOW, transport=ScriptedTransport(lambda recipient: busy))
        assert send_due(NOW + timedelta(seconds=890), transport=ScriptedTransport()).accepted == 0
        assert send_due(NOW + timedelta(seconds=910), transport=ScriptedTransport()).accepted == 3

    def test_a_block_of_everyone_ends_no_row(self):
        SubscriberFactory.create_batch(5, next_delivery_at=NOW, digest_length=3, email_domain="example.net")
        planned(25)
        wire = ScriptedTransport(lambda recipient: BLOCKED)
        send_due(NOW, transport=wire)
        assert len(wire.drawn) <= 10
        assert states() == {"queued": 30}
        assert not Suppression.objects.exists()

    def test_one_domain_that_blocks_us_waits_alone(self):
        blocked = SubscriberFactory.create_batch(20, next_delivery_at=NOW, digest_length=3, email_domain="blocks.test")
        planned(20)
        wire = ScriptedTransport(lambda recipient: BLOCKED if recipient.endswith("blocks.test") else ACCEPTED)
        report = send_due(NOW, transport=wire)
        assert report.accepted == 20
        assert states() == {"accepted": 20, "queued": 20}
        assert len([each for each in wire.drawn if each.endswith("blocks.test")]) < len(blocked)
        assert Breaker.objects.get().scope == "to:blocks.test"

    def test_a_server_that_refuses_everyone_in_its_own_words_ends_no_row(self):
        planned(60)
        wire = ScriptedTransport(lambda recipient: REFUSED)
        report = send_due(NOW, transport=wire)
        assert "550 no" in report.stopped
        assert states() == {"queued": 60}
        assert len(wire.drawn) == 25

    def test_a_trial_that_is_refused_ends_no_row_either_and_the_next_one_is_later(self):
        planned(60)
        pauses = []
        for _ in range(3):
            now = NOW if not pauses else pauses[-1] + timedelta(seconds=1)
            report = send_due(now, transport=ScriptedTransport(lambda recipient: REFUSED))
            assert "550 no" in report.stopped
            pauses.append(Breaker.objects.get().until)
        assert states() == {"queued": 60}
        assert pauses[2] - pauses[1] > pauses[1] - pauses[0] > timedelta(minutes=1)

    def test_refusals_end_no_row_where_the_pause_cannot_be_noted(self, monkeypatch):
        def locked(*_):
            raise OperationalError("canceling statement due to lock timeout")

        planned(60)
        monkeypatch.setattr(breaker, "trip", locked)
        with pytest.raises(OperationalError):
            send_due(NOW, transport=ScriptedTransport(lambda recipient: REFUSED))
        assert states() == {"queued": 60}

    def test_refusals_among_acceptances_end_their_rows(self):
        people = planned(60)
        refused = {reader.email for reader in people[::2]}
        report = send_due(NOW, transport=ScriptedTransport(lambda to: REFUSED if to in refused else ACCEPTED))
        assert (report.accepted, report.rejected) == (30, 30)

    def test_a_few_refusals_at_the_end_of_a_run_end_their_rows(self):
        planned(3)
        assert send_due(NOW, transport=ScriptedTransport(lambda to: REFUSED)).rejected == 3

    def test_one_reader_who_cannot_be_composed_for_stops_nobody(self, monkeypatch):
        broken, *_ = planned(3)
        message = composing.Batch.message

        def fail_for_one(batch, draft, now):
            if draft.row.subscriber_id == broken.pk:
                raise TypeError("no")
            return message(batch, draft, now)

        monkeypatch.setattr(composing.Batch, "message", fail_for_one)
        report = send_due(NOW, transport=ScriptedTransport())
        assert (report.accepted, report.deferred) == (2, 1)
        row = Delivery.objects.get(subscriber=broken)
        assert (row.state, row.detail) == ("queued", "Could not be composed: TypeError: no")

    def test_when_no_message_can_be_composed_sending_pauses(self, monkeypatch):
        def broken(batch, draft, now):
            raise TypeError("no")

        planned(30)
        monkeypatch.setattr(composing.Batch, "message", broken)
        report = send_due(NOW, transport=ScriptedTransport())
        assert "TypeError" in report.stopped
        assert untouched() == 27
        assert Breaker.objects.get().fault == Fault.OURS

    def test_an_edition_that_cannot_be_composed_waits_and_others_go_out(self, monkeypatch):
        planned(3)
        compose = sending.compose
        monkeypatch.setattr(sending, "compose", lambda *args: 1 / 0)
        report = send_due(NOW, transport=ScriptedTransport())
        assert report.returned == 3
        waiting = Delivery.objects.filter(state="queued", attempts=0, due_at__gt=NOW)
        assert waiting.count() == 3
        assert "ZeroDivisionError" in Breaker.objects.get(scope__startswith="edition:").reason
        monkeypatch.setattr(sending, "compose", compose)
        assert send_due(NOW + timedelta(minutes=2), transport=ScriptedTransport()).accepted == 3
        assert Breaker.objects.get(scope__startswith="edition:").state == "closed"


class TestStopping:
    def test_a_worker_that_is_to_end_lets_nothing_more_leave_and_gives_the_rest_back(self):
        planned(9)
        wire = ScriptedTransport(ahead=2)
        wire.on_draw = lambda recipient: stopping.ask() if len(wire.drawn) == 3 else None
        try:
            report = send_due(NOW, transport=wire)
        finally:
            stopping.forget()
        assert (report.accepted, report.unknown, report.stopped) == (2, 0, "this worker is to end")
        assert (states(), untouched()) == ({"accepted": 2, "queued": 7}, 7)

    def test_what_left_in_part_and_may_not_leave_again_is_queued_and_not_in_doubt(self):
        planned(1)

        class Resumed(ScriptedTransport):
            """Loses a connection in the middle of a content, and asks anew before it uses another."""

            def send(self, messages):
                key, _ = next(messages)
                assert self.may_leave((key,))
                stopping.ask()
                assert not self.may_leave((key,))
                yield from ()

        try:
            send_due(NOW, transport=Resumed())
        finally:
            stopping.forget()
        assert (states(), untouched()) == ({"queued": 1}, 1)

    def test_time_that_is_up_ends_a_run(self):
        planned(3)
        report = send_due(NOW, seconds=-1, transport=ScriptedTransport())
        assert (report.accepted, report.stopped) == (0, sending.TIME_IS_UP)
        assert send_due(NOW, transport=ScriptedTransport()).accepted == 3

    def test_the_limit_holds(self, settings):
        settings.DELIVERY_CHUNK = 2
        planned(5)
        assert send_due(NOW, 3, transport=ScriptedTransport()).accepted == 3
        assert send_due(NOW, transport=ScriptedTransport()).accepted == 2

    def test_an_interruption_leaves_in_doubt_what_was_on_the_wire_and_nothing_else(self):
        planned(5)

        def interrupted(recipient: str) -> Result:
            if len(wire.drawn) == 3:
                raise KeyboardInterrupt
            return ACCEPTED

        wire = ScriptedTransport(interrupted)
        with pytest.raises(KeyboardInterrupt):
            send_due(NOW, transport=wire)
        assert (states(), untouched()) == ({"accepted": 2, "unknown": 1, "queued": 2}, 2)

    def test_claims_that_wait_too_long_for_a_slow_wire_go_back(self, monkeypatch):
        monkeypatch.setattr(pump, "CLAIM_SECONDS", -1.0)
        planned(5)
        send_due(NOW, transport=ScriptedTransport())
        assert (states(), untouched()) == ({"queued": 5}, 5)


class TestOurOwnTrouble:
    def test_answers_that_cannot_be_recorded_are_recorded_by_the_next_run(self, monkeypatch):
        planned(5)
        record = ledger.record

        def down(*_):
            raise OperationalError("the connection is closed")

        monkeypatch.setattr(ledger, "record", down)
        monkeypatch.setattr(pump, "FLUSH_MESSAGES", 2)
        wire = ScriptedTransport()
        with pytest.raises(OperationalError):
            send_due(NOW, transport=wire)
        assert (states(), len(wire.drawn)) == ({"claimed": 5}, 2)
        monkeypatch.setattr(ledger, "record", record)
        assert recovery.recover(NOW) == 5
        assert (states(), untouched()) == ({"accepted": 2, "queued": 3}, 3)

    def test_nothing_leaves_that_the_journal_cannot_hold(self, monkeypatch):
        planned(5)
        monkeypatch.setattr(journal.WireJournal, "leaving", _disk_full)
        wire = ScriptedTransport()
        with pytest.raises(OSError, match="No space"):
            send_due(NOW, transport=wire)
        assert (states(), untouched(), wire.left) == ({"queued": 5}, 5, [])

    def test_an_answer_that_the_journal_cannot_hold_is_recorded_all_the_same(self, monkeypatch):
        planned(5)
        monkeypatch.setattr(journal.WireJournal, "answered", _disk_full)
        with pytest.raises(OSError, match="No space"):
            send_due(NOW, transport=ScriptedTransport())
        assert (states(), untouched()) == ({"accepted": 1, "queued": 4}, 4)


def _disk_full(*_):
    raise OSError(28, "No space left on device")


def test_statements_grow_with_windows_not_with_readers(settings, django_assert_max_num_queries):
    settings.DELIVERY_WINDOW = 25
    planned(50)
    with django_assert_max_num_queries(50):  # two windows
        assert send_due(NOW, transport=ScriptedTransport()).accepted == 50
