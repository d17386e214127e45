"""The sending loop against a real SMTP server: what is sent, what is not, and what the ledger says afterwards."""

from __future__ import annotations

import email
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from digest.delivery import breaker, ledger
from digest.delivery.sending import send_due
from digest.models import Delivery
from subscriptions.models import Suppression
from tests.delivery.conftest import issue, readers
from tests.factories import NOW, BreakerFactory

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


def test_refusals_are_told_apart(mailbox):
    issue()
    nobody, later, policy, fine = readers(4)
    mailbox.rcpt_replies = {nobody.email: "550 5.1.1 no such user", later.email: "451 4.7.1 greylisted"}
    mailbox.data_replies = {policy.email: "554 5.7.1 looks like spam"}
    ledger.plan(NOW)
    report = send_due(NOW)
    assert (report.accepted, report.rejected, report.deferred, report.unknown) == (1, 1, 2, 0)
    rows = {row.subscriber_id: row for row in Delivery.objects.all()}
    assert (rows[nobody.pk].state, rows[nobody.pk].detail) == ("rejected", "550 5.1.1 no such user")
    assert Suppression.objects.get().address_hash == nobody.address_hash
    for reader in (policy, later):
        assert (rows[reader.pk].state, rows[reader.pk].due_at > NOW) == ("queued", True)
    mailbox.rcpt_replies = mailbox.data_replies = {}
    assert send_due(NOW).accepted == 0
    assert send_due(NOW + timedelta(minutes=5)).accepted == 2
    assert sorted(mailbox.recipients) == sorted([fine.email, later.email, policy.email])


def test_the_command_says_what_became_of_everything_in_the_words_of_the_desk(mailbox, capsys):
    issue()
    later, _ = readers(2)
    mailbox.rcpt_replies = {later.email: "452 4.2.2 full"}
    with pytest.raises(CommandError, match="what is unknown, and what waits"):
        call_command("send_due", now=NOW.isoformat())
    assert capsys.readouterr().out.strip() == (
        "2 planned, 0 rescued, 1 accepted, 0 rejected, 1 put off, 0 unknown, 0 back in the queue, 0 skipped"
    )


def test_a_server_that_accepts_and_hangs_up_leaves_the_message_in_doubt_and_the_others_go_out(mailbox):
    issue()
    people = readers(5)
    mailbox.hang_up_after = {people[1].email}
    ledger.plan(NOW)
    report = send_due(NOW)
    assert (report.accepted, report.unknown, report.returned) == (4, 1, 0)
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
    assert set(Delivery.objects.values_list("state", "attempts", "due_at")) == {("queued", 0, NOW)}


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

    def test_a_pause_is_named_as_at_the_desk_with_where_to_read_on(self, mailbox, settings, capsys):
        issue()
        readers(1)
        settings.EMAIL_HOST_USER = "paperboy"
        BreakerFactory(scope=breaker.identity())
        with pytest.raises(CommandError, match="doctor --only sending says why"):
            call_command("send_due", now=NOW.isoformat())
        way_out = f"All mail through {settings.EMAIL_HOST}:{settings.EMAIL_PORT} as paperboy"
        assert f"0 skipped. Stopped: {way_out} is paused" in capsys.readouterr().out

    def test_a_bad_time_is_named(self):
        with pytest.raises(CommandError, match="tomorrow"):
            call_command("send_due", now="tomorrow")
