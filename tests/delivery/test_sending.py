"""The sending loop against a real SMTP server: what is sent, what is not, and what the ledger says afterwards."""

from __future__ import annotations

import email
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from digest.delivery import composing, ledger, sending
from digest.delivery.outcomes import Outcome, Result
from digest.delivery.sending import send_due
from digest.models import Delivery
from subscriptions import services
from tests.delivery.conftest import issue, readers
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def states() -> dict[str, int]:
    rows = Delivery.objects.values_list("state", flat=True)
    return {state: list(rows).count(state) for state in set(rows)}


def test_every_due_reader_gets_one_message_and_the_ledger_says_so(mailbox):
    issue()
    people = readers(7)
    assert ledger.plan(NOW) == 7
    report = send_due(NOW)
    assert (report.accepted, report.is_clean) == (7, True)
    assert sorted(mailbox.recipients) == sorted(reader.email for reader in people)
    assert states() == {"accepted": 7}
    row = Delivery.objects.first()
    assert len(row.selection) == 3
    assert row.preferences["length"] == 3
    content = dict(mailbox.received)[row.subscriber.email]
    assert str(row.uid) in email.message_from_bytes(content)["Message-ID"]


def test_sending_again_sends_nothing(mailbox):
    issue()
    readers(3)
    ledger.plan(NOW)
    send_due(NOW)
    ledger.plan(NOW)
    assert send_due(NOW + timedelta(hours=1)).accepted == 0
    assert len(mailbox.received) == 3


def test_the_next_edition_brings_other_papers(mailbox):
    first = issue(papers=6)
    (reader,) = readers(1)
    ledger.plan(NOW)
    send_due(NOW)
    tomorrow = NOW + timedelta(days=1)
    second = issue(papers=0, date=tomorrow.date())
    for entry in first.entries.all():
        second.entries.create(paper=entry.paper, trend=0.9)
    reader.refresh_from_db()
    moment = max(tomorrow, reader.next_delivery_at)
    ledger.plan(moment)
    send_due(moment)
    one, two = ([item["paper"] for item in row.selection] for row in Delivery.objects.order_by("pk"))
    assert len(one) == len(two) == 3
    assert not set(one) & set(two)


def test_a_reader_without_papers_gets_no_mail(mailbox):
    issue(papers=0)
    readers(1)
    ledger.plan(NOW)
    assert send_due(NOW).skipped == 1
    assert Delivery.objects.get().detail == "No papers"
    assert mailbox.received == []


def test_whoever_left_or_was_suppressed_after_queueing_gets_nothing(mailbox):
    issue()
    gone, suppressed, deleted, stays = readers(4)
    ledger.plan(NOW)
    services.unsubscribe(gone.pk, services.Origin("test"), NOW)
    services.suppress(suppressed.address_hash, "complaint", "", NOW)
    deleted.delete()
    report = send_due(NOW)
    assert (report.accepted, report.skipped, report.is_clean) == (1, 3, True)
    assert mailbox.recipients == [stays.email]
    assert states() == {"accepted": 1, "skipped": 3}


def test_unsubscribing_between_composing_and_claiming_is_in_time(mailbox, monkeypatch):
    issue()
    (reader,) = readers(1)
    ledger.plan(NOW)
    compose = composing.Batch.compose

    def leave_while_composing(batch, delivery, now):
        message = compose(batch, delivery, now)
        services.unsubscribe(reader.pk, services.Origin("test"), NOW)
        return message

    monkeypatch.setattr(composing.Batch, "compose", leave_while_composing)
    assert send_due(NOW).skipped == 1
    assert mailbox.received == []


def test_refusals_are_told_apart(mailbox):
    issue()
    nobody, later, policy, fine = readers(4)
    mailbox.rcpt_replies = {nobody.email: "550 5.1.1 no such user", later.email: "451 4.7.1 greylisted"}
    mailbox.data_replies = {policy.email: "554 5.7.1 looks like spam"}
    ledger.plan(NOW)
    report = send_due(NOW)
    assert (report.accepted, report.rejected, report.requeued, report.unknown) == (1, 2, 1, 0)
    rows = {row.subscriber_id: row for row in Delivery.objects.all()}
    assert (rows[nobody.pk].state, rows[nobody.pk].detail) == ("rejected", "550 5.1.1 no such user")
    assert rows[policy.pk].state == "rejected"
    assert (rows[later.pk].state, rows[later.pk].due_at > NOW) == ("queued", True)
    mailbox.rcpt_replies = {}
    assert send_due(NOW).accepted == 0
    assert send_due(NOW + timedelta(minutes=5)).accepted == 1
    assert sorted(mailbox.recipients) == sorted([fine.email, later.email])


def test_a_server_that_accepts_and_hangs_up_leaves_the_message_in_doubt_and_the_others_go_out(mailbox):
    issue()
    people = readers(5)
    mailbox.hang_up_after = {people[1].email}
    ledger.plan(NOW)
    report = send_due(NOW)
    assert (report.accepted, report.unknown, report.requeued) == (4, 1, 0)
    assert Delivery.objects.get(state="unknown").subscriber == people[1]
    send_due(NOW + timedelta(hours=3))
    assert sorted(mailbox.recipients) == sorted(reader.email for reader in people)  # nobody twice


def test_a_server_that_is_not_there_costs_no_attempt(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    issue()
    readers(3)
    ledger.plan(NOW)
    report = send_due(NOW)
    assert "refused" in report.stopped
    assert set(Delivery.objects.values_list("state", "attempts", "lease")) == {("queued", 0, None)}


def test_a_server_that_refuses_everyone_is_left_alone_after_a_while(mailbox, monkeypatch):
    monkeypatch.setattr(sending, "STRAIN_LIMIT", 6)
    mailbox.rcpt_replies = {"*": "550 5.7.1 go away"}
    issue()
    readers(10)
    ledger.plan(NOW)
    report = send_due(NOW)
    assert report.rejected == 6
    assert "go away" in report.stopped
    assert states() == {"rejected": 6, "queued": 4}
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", "lease")) == {(0, None)}


def test_one_reader_who_cannot_be_composed_for_stops_nobody(mailbox, monkeypatch):
    issue()
    broken, *_ = readers(3)
    compose = composing.Batch.compose

    def fail_for_one(batch, delivery, now):
        if delivery.subscriber_id == broken.pk:
            raise ValueError("no")
        return compose(batch, delivery, now)

    monkeypatch.setattr(composing.Batch, "compose", fail_for_one)
    ledger.plan(NOW)
    report = send_due(NOW)
    assert (report.accepted, report.requeued) == (2, 1)
    row = Delivery.objects.get(subscriber=broken)
    assert (row.state, row.attempts, row.detail) == ("queued", 1, "Could not be composed: ValueError: no")


def test_when_nothing_can_be_composed_few_attempts_are_burnt(mailbox, monkeypatch):
    def broken(batch, delivery, now):
        raise ValueError("no")

    monkeypatch.setattr(composing.Batch, "compose", broken)
    issue()
    readers(30)
    ledger.plan(NOW)
    report = send_due(NOW)
    assert report.requeued == 10
    assert "ValueError" in report.stopped
    assert Delivery.objects.filter(attempts=0, lease=None, state="queued").count() == 20


class Interrupted:
    """A transport in whose hands the process is told to stop: after `accepted` messages, with one more on the wire."""

    def __init__(self, accepted: int) -> None:
        self.accepted = accepted

    def open(self):
        pass

    def close(self):
        pass

    def send(self, messages):
        for number, _ in enumerate(messages):
            if number == self.accepted:
                raise KeyboardInterrupt
            yield Result(Outcome.ACCEPTED)


def test_an_interruption_on_the_wire_leaves_one_message_in_doubt():
    issue()
    readers(5)
    ledger.plan(NOW)
    with pytest.raises(KeyboardInterrupt):
        send_due(NOW, transport=Interrupted(2))
    assert states() == {"accepted": 2, "unknown": 1, "queued": 2}
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", "lease")) == {(0, None)}


def test_time_that_is_up_ends_a_run_and_gives_the_rest_back(mailbox):
    issue()
    readers(3)
    ledger.plan(NOW)
    report = send_due(NOW, seconds=-1)
    assert (report.accepted, report.stopped) == (0, "time is up")
    assert send_due(NOW).accepted == 3


def test_the_limit_holds(mailbox, settings):
    settings.DELIVERY_CHUNK = 2
    issue()
    readers(5)
    ledger.plan(NOW)
    assert send_due(NOW, 3).accepted == 3
    assert send_due(NOW).accepted == 2


def test_statements_grow_with_windows_not_with_readers(mailbox, settings, django_assert_max_num_queries):
    settings.DELIVERY_WINDOW = 25
    issue()
    readers(50)
    ledger.plan(NOW)
    with django_assert_max_num_queries(45):  # two windows
        assert send_due(NOW).accepted == 50


class TestCommand:
    def test_it_plans_sends_and_accounts(self, mailbox, capsys):
        issue()
        readers(2)
        call_command("send_due", now=NOW.isoformat(), json=True)
        counts = json.loads(capsys.readouterr().out)
        assert (counts["planned"], counts["accepted"], counts["unknown"], counts["stopped"]) == (2, 2, 0, "")

    def test_it_fails_when_something_has_to_be_tried_again(self, mailbox):
        mailbox.rcpt_replies = {"*": "451 later"}
        issue()
        readers(1)
        with pytest.raises(CommandError) as raised:
            call_command("send_due", now=NOW.isoformat())
        assert raised.value.returncode == 1

    def test_a_bad_time_is_named(self):
        with pytest.raises(CommandError, match="tomorrow"):
            call_command("send_due", now="tomorrow")
