"""What a run leaves behind when it is killed, and how the next one on the machine reads it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections import Counter

import pytest

from digest.delivery import journal, ledger, recovery
from digest.delivery.journal import ACCEPTED, IN_DOUBT, NEVER_LEFT, WireJournal
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.models import Delivery
from tests.delivery.conftest import issue, readers
from tests.delivery.test_ledger import content
from tests.factories import NOW

REJECTED = Result(Outcome.REJECTED, "550 “no”\nnobody", fault=Fault.POLICY, is_hard_bounce=True)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def killed(write) -> None:
    """Run `write` in a process of its own that ends as by kill -9."""
    child = os.fork()
    if child == 0:
        write()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)


def test_a_killed_run_tells_what_left_what_was_answered_and_what_never_left():
    def write():
        kept = WireJournal()
        kept.claimed([1, 2, 3, 4])
        kept.leaving([1])
        kept.leaving([2])
        kept.answered(2, REJECTED)
        kept.answered(1, ACCEPTED)
        kept.leaving([3])

    killed(write)
    (left,) = journal.abandoned()
    assert left.same_boot
    assert left.results() == {1: ACCEPTED, 2: REJECTED, 3: IN_DOUBT, 4: NEVER_LEFT}
    assert list(journal.abandoned()) == []


def test_what_is_in_doubt_is_never_more_than_what_the_wire_held():
    """An answer waits for the next draw to be written; until then nothing has taken its message's place."""

    def write():
        kept = WireJournal()
        kept.claimed(range(100))
        for pk in range(50):
            kept.leaving([pk])
            kept.answered(pk, ACCEPTED)

    killed(write)
    (left,) = journal.abandoned()
    assert [pk for pk, result in left.results().items() if result == IN_DOUBT] == [49]


def test_answers_that_wait_are_written_when_nothing_is_drawn_for_a_while():
    def write():
        kept = WireJournal()
        kept.claimed([1])
        kept.leaving([1])
        kept.answered(1, ACCEPTED)
        kept.flush()

    killed(write)
    (left,) = journal.abandoned()
    assert left.results() == {1: ACCEPTED}


def test_a_live_runs_journal_is_nobodys():
    live = WireJournal()
    live.claimed([1])
    assert list(journal.abandoned()) == []
    other = "import sys; from django.conf import settings; settings.configure(DATA_DIR=sys.argv[1]); "
    other += "from digest.delivery import journal; print(len(list(journal.abandoned())))"
    command = [sys.executable, "-c", other, str(journal.folder().parent)]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == "0"
    live.close()
    assert list(journal.folder().iterdir()) == []


def test_a_journal_that_is_closed_is_gone_and_one_that_is_let_go_stays():
    WireJournal().close()
    assert list(journal.abandoned()) == []
    kept = WireJournal()
    kept.claimed([7])
    kept.abandon()
    assert [left.claimed for left in journal.abandoned()] == [{7}]


@pytest.mark.parametrize("cut", range(1, 12))
def test_half_a_last_line_is_not_believed(cut):
    kept = WireJournal()
    kept.claimed([11, 22])
    kept.leaving([11])
    kept.answered(11, REJECTED)
    kept.abandon()
    kept.path.write_bytes(kept.path.read_bytes()[:-cut])
    (left,) = journal.abandoned()
    assert left.results() == {11: IN_DOUBT, 22: NEVER_LEFT}


@pytest.mark.parametrize("content", [b"", b"paperboy 1", b"something else\nc 1\n", b"\xff\xfe\n"])
def test_a_file_that_is_no_journal_claims_nothing(content):
    journal.folder().mkdir()
    (journal.folder() / "odd.wire").write_bytes(content)
    assert list(journal.abandoned()) == []


def test_after_a_restart_of_the_machine_a_journal_is_not_believed(monkeypatch):
    kept = WireJournal()
    kept.claimed([1])
    kept.abandon()
    monkeypatch.setattr(journal.reading, "boot_id", lambda: "another")
    assert [left.same_boot for left in journal.abandoned()] == [False]


def test_a_journal_begins_anew_once_it_is_long_and_keeps_what_is_open(monkeypatch):
    monkeypatch.setattr(journal.writing, "LONGEST", 200)
    kept = WireJournal()
    for pk in range(100):
        kept.claimed([pk])
        kept.leaving([pk])
        kept.answered(pk, ACCEPTED)
    kept.flush()
    kept.settled([98, 99], [99])
    assert kept.path.stat().st_size < 200
    assert list(journal.abandoned()) == []
    kept.abandon()
    (left,) = journal.abandoned()
    assert left.results() == {98: NEVER_LEFT, 99: IN_DOUBT}


@pytest.mark.django_db
def test_what_a_killed_run_left_is_settled_at_once():
    issue()
    readers(4)
    ledger.plan(NOW)
    kept = WireJournal()
    rows = ledger.lease(kept.run, NOW, 10)
    kept.claimed([row.id for row in rows])
    ledger.claim([content(row) for row in rows], kept.run, NOW)
    kept.leaving([rows[0].id])
    kept.leaving([rows[1].id])
    kept.answered(rows[0].id, ACCEPTED)
    kept.abandon()
    assert recovery.recover(NOW) == 4
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"accepted": 1, "unknown": 1, "queued": 2}
    assert recovery.recover(NOW) == 0


@pytest.mark.django_db
def test_a_journal_of_another_database_is_left_alone(monkeypatch):
    kept = WireJournal()
    kept.claimed([1])
    kept.abandon()
    monkeypatch.setattr(journal.reading, "database", lambda: "elsewhere")
    assert recovery.recover(NOW) == 0
    monkeypatch.undo()
    assert len(list(journal.abandoned())) == 1


@pytest.mark.django_db
def test_what_a_run_had_leased_and_not_claimed_is_for_others_at_once():
    issue()
    readers(2)
    ledger.plan(NOW)
    kept = WireJournal()
    ledger.lease(kept.run, NOW, 10)
    kept.abandon()
    recovery.recover(NOW)
    assert len(ledger.lease(uuid.uuid4(), NOW, 10)) == 2


@pytest.mark.parametrize("line", ["l 12", 'a 2 {"outcome": "defe', "a 2", "c 1 2 3"])
def test_a_line_that_a_full_disk_cut_in_two_is_void_although_others_follow(monkeypatch, line):
    kept = WireJournal()
    kept.claimed([1, 2, 12, 123])
    kept.leaving([2])
    whole = os.write
    monkeypatch.setattr(os, "write", lambda file, content: whole(file, line.encode()))
    with pytest.raises(OSError, match="cannot be written whole"):
        kept.leaving([123])
    monkeypatch.undo()
    kept.answered(1, ACCEPTED)
    kept.abandon()
    (left,) = journal.abandoned()
    assert left.results() == {1: ACCEPTED, 2: IN_DOUBT, 12: NEVER_LEFT, 123: NEVER_LEFT}


def test_a_journal_that_cannot_begin_anew_goes_on_as_it_was(monkeypatch):
    monkeypatch.setattr(journal.writing, "LONGEST", 10)
    kept = WireJournal()
    kept.claimed([1])
    whole = os.write
    monkeypatch.setattr(os, "write", lambda file, content: whole(file, content[:5]))
    with pytest.raises(OSError, match="cannot be written whole"):
        kept.settled([1], [])
    monkeypatch.undo()
    kept.leaving([1])
    assert list(journal.abandoned()) == []
    kept.abandon()
    (left,) = journal.abandoned()
    assert left.results() == {1: IN_DOUBT}
