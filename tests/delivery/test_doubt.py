"""What could send a message twice, lose one, or stop all: faults of ours at the worst moments, and late answers."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError

from digest.delivery import breaker, journal, ledger, recovery, share
from digest.delivery.health import Health
from digest.delivery.journal import IN_DOUBT, WireJournal
from digest.delivery.ledger import Content
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.sending import send_due
from digest.models import Breaker, Delivery
from subscriptions.models import Suppression
from tests.delivery.conftest import issue, readers
from tests.delivery.wire import ACCEPTED, ScriptedTransport
from tests.factories import NOW, DeliveryFactory, EditionFactory

pytestmark = pytest.mark.django_db

RUN, OTHER_RUN = UUID(int=1), UUID(int=2)
RETURNED = Result(Outcome.RETURNED, "connection lost", fault=Fault.PROVIDER)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def planned(count: int):
    issue(papers=8)
    people = readers(count)
    ledger.plan(NOW)
    return people


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def content(pk: int) -> Content:
    return Content(pk, "[1, 2]", "[]", "{}")


def fails(*_: object, **__: object) -> None:
    raise OperationalError("the database is locked")


class TestTheDatabaseFailsWhileAnAnswerIsTakenIn:
    def test_an_accepted_message_does_not_go_back_to_the_queue(self, monkeypatch):
        planned(3)
        Breaker.objects.create(scope=breaker.identity(), state="open", until=NOW - timedelta(seconds=1))
        with monkeypatch.context() as broken:
            broken.setattr(breaker, "close", fails)
            first = ScriptedTransport()
            with suppress(OperationalError):
                send_due(NOW, transport=first)
        Breaker.objects.all().delete()
        second = ScriptedTransport()
        send_due(NOW, transport=second)
        assert not set(first.drawn) & set(second.drawn)

    def test_a_message_in_doubt_does_not_go_back_to_the_queue(self, monkeypatch):
        planned(3)
        doubt = Result(Outcome.UNKNOWN, "503", fault=Fault.PROVIDER, retry_after=3.0)
        with monkeypatch.context() as broken:
            broken.setattr(breaker, "trip", fails)
            first = ScriptedTransport(lambda recipient: doubt)
            with suppress(OperationalError):
                send_due(NOW, transport=first)
        second = ScriptedTransport()
        send_due(NOW, transport=second)
        assert not set(first.drawn) & set(second.drawn)

    def test_what_is_on_the_wire_is_waited_for_when_the_share_of_connections_cannot_be_renewed(self, monkeypatch):
        planned(2)

        class Waiting(ScriptedTransport):
            def send(self, messages):
                key, _ = next(messages)
                self.idle()
                yield key, ACCEPTED

        monkeypatch.setattr(share.Share, "keep", fails)
        with pytest.raises(OperationalError):
            send_due(NOW, transport=Waiting())
        recovery.recover(NOW)
        assert states() == {"accepted": 1, "queued": 1}

    def test_refusals_that_were_held_back_end_no_row_and_suppress_nobody(self, monkeypatch):
        planned(30)
        refused = Result(Outcome.REJECTED, "550 5.1.1 no", is_hard_bounce=True)
        with monkeypatch.context() as broken:
            broken.setattr(ledger, "record", fails)
            with pytest.raises(OperationalError):
                send_due(NOW, transport=ScriptedTransport(lambda recipient: refused))
        recovery.recover(NOW)
        assert states() == {"queued": 30}
        assert not Suppression.objects.exists()


class TestJournals:
    def test_what_an_earlier_claim_of_the_run_became_says_nothing_of_the_next(self):
        planned(1)
        (pk,) = Delivery.objects.values_list("pk", flat=True)
        kept = WireJournal()
        for again in ((), (pk,)):
            kept.claimed([pk])
            assert ledger.claim([content(pk)], kept.run, NOW, again) == {pk}
            kept.leaving([pk])
            if not again:
                kept.answered(pk, RETURNED)
                ledger.record({pk: RETURNED}, kept.run, NOW)
        kept.abandon()  # the server has taken it, and the process is killed
        recovery.recover(NOW)
        assert states() == {"unknown": 1}

    def test_an_answer_that_comes_to_light_after_the_row_was_queued_again_still_counts(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        planned(1)
        (pk,) = Delivery.objects.values_list("pk", flat=True)
        kept = WireJournal()
        kept.claimed([pk])
        ledger.claim([content(pk)], kept.run, NOW)
        kept.leaving([pk])
        kept.answered(pk, ACCEPTED)
        kept.abandon()
        later = NOW + timedelta(hours=2)
        ledger.rescue(later)  # by another machine's tick
        assert states() == {"queued": 1}
        wire = ScriptedTransport()
        send_due(later, transport=wire)
        assert (wire.drawn, states()) == ([], {"accepted": 1})

    def test_a_journal_that_cannot_be_understood_is_set_aside_and_stops_nobody(self):
        planned(1)
        kept = WireJournal()
        kept.claimed([1])
        kept.abandon()
        kept.path.write_bytes(kept.path.read_bytes() + b'a 1 {"odd": 1}\n')
        assert send_due(NOW, transport=ScriptedTransport()).accepted == 1
        assert [path.suffix for path in journal.folder().iterdir()] == [".bad"]

    def test_a_full_disk_leaves_no_descriptor_and_no_file_behind(self, monkeypatch):
        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        before = len(os.listdir("/proc/self/fd"))
        with monkeypatch.context() as broken:
            broken.setattr(os, "write", full)
            for _ in range(5):
                with pytest.raises(OSError, match="No space"):
                    WireJournal()
        assert len(os.listdir("/proc/self/fd")) == before
        assert list(journal.folder().iterdir()) == []


class TestTheLedger:
    def test_a_nul_in_an_answer_stops_nothing(self):
        planned(1)
        garbage = Result(Outcome.DEFERRED, "garbage \0 html")
        assert send_due(NOW, transport=ScriptedTransport(lambda recipient: garbage)).deferred == 1
        assert Delivery.objects.get().detail == "garbage  html"

    def test_one_reader_with_two_messages_in_doubt_does_not_keep_others_from_being_sent_to_again(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        pair, other = planned(2)
        long_ago = {"claimed_at": NOW - timedelta(hours=2), "created_at": NOW - timedelta(hours=2)}
        Delivery.objects.update(state="unknown", **long_ago)
        older = EditionFactory(date=NOW.date() - timedelta(days=3))
        DeliveryFactory(edition=older, subscriber=pair, state="unknown", **long_ago)
        ledger.rescue(NOW)
        assert Delivery.objects.get(subscriber=other).state == "queued"
        assert sorted(Delivery.objects.filter(subscriber=pair).values_list("state", flat=True)) == ["queued", "unknown"]

    def test_what_was_in_doubt_stays_in_doubt_when_a_newer_edition_comes_first(self, settings):
        settings.UNKNOWN_DELIVERIES = "resend"
        planned(1)
        row = Delivery.objects.get()
        ledger.claim([content(row.pk)], RUN, NOW)
        ledger.record({row.pk: IN_DOUBT}, RUN, NOW)
        ledger.rescue(NOW + timedelta(hours=2))
        issue(papers=2, date=NOW.date() + timedelta(days=1))
        assert ledger.plan(NOW + timedelta(days=1, hours=1)) == 1
        assert Delivery.objects.get(pk=row.pk).state == "unknown"

    def test_a_claim_of_rows_that_another_run_had_and_gave_back_succeeds(self):
        planned(2)
        rows = ledger.lease(RUN, NOW, 10)
        later = NOW + timedelta(minutes=11)
        (taken, *_) = ledger.lease(OTHER_RUN, later, 10)
        ledger.claim([content(taken.id)], OTHER_RUN, later)
        ledger.record({taken.id: RETURNED}, OTHER_RUN, later)
        assert ledger.claim([content(row.id) for row in rows], RUN, later) == {row.id for row in rows}


class TestPauses:
    def test_many_workers_that_meet_the_same_busy_server_pause_once(self):
        until = [breaker.trip("smtp:x", Fault.PROVIDER, "429", NOW, 1.0) for _ in range(8)][-1]
        assert until - NOW == timedelta(minutes=1)
        assert breaker.trip("smtp:x", Fault.PROVIDER, "429", NOW, 900.0) - NOW == timedelta(minutes=15)

    def test_a_destination_whose_pause_is_over_is_written_to_without_going_round_in_circles(self, monkeypatch):
        (reader, *_) = planned(3)
        domain = reader.email.rpartition("@")[2]
        admits, lease = Health.admits, ledger.lease

        def a_moment_before_it_is_over(self):
            admitted = admits(self)
            self.destinations = {domain: self.clock() + timedelta(milliseconds=200)}
            return admitted

        leases: list[float] = []

        def slow_lease(*arguments):
            if not leases:
                time.sleep(0.3)
            leases.append(time.monotonic())
            return lease(*arguments)

        monkeypatch.setattr(Health, "admits", a_moment_before_it_is_over)
        monkeypatch.setattr(ledger, "lease", slow_lease)
        assert send_due(NOW, transport=ScriptedTransport(), seconds=4).accepted == 3
        assert len(leases) < 5
