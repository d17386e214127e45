"""Bounces, complaints and wishes that come by mail: believed where they prove whom they speak of, else ignored."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db import OperationalError

from digest import events
from digest.events import mail
from digest.events.mail import Taken
from digest.models import Delivery, ProviderEvent
from subscriptions import links
from subscriptions.models import Subscriber, Suppression
from tests.events import letters
from tests.events.making import sent
from tests.factories import NOW, SubscriberFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _addresses(settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    settings.UNSUBSCRIBE_ADDRESS = "unsubscribe@example.org"


def take(raw: bytes, *recipients: str) -> Taken:
    """Take a mail, and work off what it reports."""
    taken = events.take_bytes(raw, recipients, LATER)
    events.handle(LATER)
    return taken


def own_address(delivery: Delivery) -> str:
    return f"bounces+{delivery.uid.hex}@example.org"


def outcome(delivery: Delivery) -> tuple[str, str]:
    """The row's state, and why its address is suppressed."""
    delivery.refresh_from_db()
    found = Suppression.objects.filter(address_hash=delivery.address_hash).values_list("reason", flat=True).first()
    return delivery.state, found or ""


class TestBounces:
    def test_postfix_says_that_there_is_no_such_user(self):
        delivery = sent()
        assert take(letters.postfix(delivery)) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "hard_bounce")
        row = ProviderEvent.objects.get()
        assert (row.provider, row.delivery, row.bounce) == ("Mail", delivery, "hard")
        assert row.occurred_at == NOW + timedelta(seconds=9)
        assert "reader@example.net" not in row.description

    def test_a_bounce_that_comes_again_changes_nothing(self):
        delivery = sent()
        take(letters.postfix(delivery))
        Suppression.objects.all().delete()
        take(letters.postfix(delivery))
        assert ProviderEvent.objects.count() == 1
        assert not Suppression.objects.exists()

    def test_without_return_paths_of_our_own_the_original_tells_which_message(self, settings):
        settings.BOUNCE_ADDRESS = ""
        delivery = sent()
        assert take(letters.postfix(delivery, to="digest@example.org")) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "hard_bounce")

    def test_the_return_path_alone_does_too(self):
        delivery = sent()
        raw = letters.postfix(delivery).replace(f"<{delivery.uid}@".encode(), b"<gone@")
        assert take(raw, own_address(delivery)) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "hard_bounce")

    def test_exchange_and_utf_8_addresses(self):
        delivery = sent()
        assert take(letters.exchange(delivery)) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "hard_bounce")

    @pytest.mark.parametrize(
        ("status", "diagnostic", "bounce"),
        [
            ("5.1.1", "smtp; 550 5.1.1 unknown", "hard"),
            ("5.1.10", "smtp; 550 5.1.10 not found", "hard"),
            ("5.1.2", "smtp; 550 5.1.2 bad domain", "hard"),
            ("5.2.2", "smtp; 552 5.2.2 mailbox full", "soft"),
            ("4.4.1", "X-Postfix; connect to mx.example.net: Connection timed out", "soft"),
            ("5.4.4", "X-Postfix; Host or domain name not found", "soft"),
            ("5.0.0", "smtp; 550 no", "soft"),
            ("5.7.1", "smtp; 550 5.7.1 policy", ""),
            ("4.7.0", "smtp; 421 4.7.0 try later", ""),
            ("5.1.1", "smtp; 550 5.1.1 blocked by spamhaus", ""),
            ("5.1.8", "smtp; 550 5.1.8 sender's domain", ""),
            ("5.6.0", "smtp; 554 5.6.0 bad content", ""),
            ("", "", "soft"),
        ],
    )
    def test_what_the_status_says_decides(self, status, diagnostic, bounce):
        delivery = sent()
        take(letters.postfix(delivery, status, diagnostic))
        assert ProviderEvent.objects.get().bounce == bounce
        assert outcome(delivery) == ("bounced", "hard_bounce" if bounce == "hard" else "")

    @pytest.mark.parametrize(
        ("action", "state"), [("delayed", "accepted"), ("delivered", "delivered"), ("relayed", "accepted")]
    )
    def test_a_notice_that_is_no_failure_settles_only_what_it_says(self, action, state):
        delivery = sent(state="unknown")
        take(letters.postfix(delivery, "4.4.1", action=action))
        assert outcome(delivery) == (state, "")

    @pytest.mark.parametrize("letter", [letters.exim, letters.qmail])
    def test_a_bounce_in_plain_words_is_soft_at_most(self, letter):
        delivery = sent()
        assert take(letter(delivery)) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "")
        assert ProviderEvent.objects.get().bounce == "soft"

    def test_what_bounced_before_the_reader_confirmed_again_is_history(self):
        delivery = sent(subscriber=SubscriberFactory(confirmed_at=NOW + timedelta(hours=1)))
        take(letters.postfix(delivery))
        assert outcome(delivery) == ("bounced", "")


class TestForgeries:
    def test_a_bounce_that_names_no_delivery_suppresses_nobody(self):
        reader = SubscriberFactory()
        assert take(letters.postfix(None, recipient=reader.email)) == Taken.IGNORED
        assert not Suppression.objects.exists()
        assert not ProviderEvent.objects.exists()

    @pytest.mark.parametrize("letter", [letters.postfix, letters.feedback, letters.exim])
    def test_one_that_names_another_readers_address_is_about_nobody(self, letter):
        mine, victim = sent(), sent()
        raw = letter(mine, recipient=victim.subscriber.email)
        assert take(raw, "digest@example.org") == Taken.IGNORED
        assert outcome(mine) == outcome(victim) == ("accepted", "")

    def test_a_forwarded_mail_that_bounces_elsewhere_counts_as_soft_for_the_reader(self):
        delivery = sent()
        assert take(letters.postfix(delivery, recipient="elsewhere@example.com")) == Taken.REPORTED
        assert outcome(delivery) == ("bounced", "")
        assert ProviderEvent.objects.get().bounce == "soft"


class TestComplaints:
    @pytest.mark.parametrize("named", [True, False])
    def test_a_complaint_suppresses_and_unsubscribes(self, named):
        delivery = sent(state="delivered")
        assert take(letters.feedback(delivery, named=named)) == Taken.REPORTED
        assert outcome(delivery) == ("complained", "complaint")
        assert Subscriber.objects.get().status == "unsubscribed"

    def test_a_wish_to_leave_unsubscribes(self):
        delivery = sent(state="delivered")
        take(letters.feedback(delivery, kind="opt-out"))
        assert outcome(delivery) == ("delivered", "")
        assert Subscriber.objects.get().status == "unsubscribed"

    @pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "", "something new"])
    def test_reports_of_another_kind_are_ignored(self, kind):
        delivery = sent(state="delivered")
        assert take(letters.feedback(delivery, kind=kind)) == Taken.IGNORED
        assert outcome(delivery) == ("delivered", "")


class TestUnsubscribing:
    def test_a_mail_to_a_readers_own_address_unsubscribes_exactly_that_reader(self):
        reader, other = SubscriberFactory(), SubscriberFactory()
        raw = letters.note(links.unsubscribe_address(reader.pk))
        assert take(raw) == take(raw) == Taken.UNSUBSCRIBED
        reader.refresh_from_db()
        assert (reader.status, reader.consent_records.get().origin) == ("unsubscribed", "mail")
        assert Subscriber.objects.get(pk=other.pk).status == "active"

    def test_the_envelope_counts_before_any_header(self):
        reader, other = SubscriberFactory(), SubscriberFactory()
        raw = letters.note(links.unsubscribe_address(other.pk))
        take(raw, links.unsubscribe_address(reader.pk))
        assert [Subscriber.objects.get(pk=each.pk).status for each in (reader, other)] == ["unsubscribed", "active"]

    @pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied", "List-Id: <x.example.org>", "X-Autoreply: yes"])
    def test_what_no_person_sent_unsubscribes_nobody(self, header):
        reader = SubscriberFactory()
        assert take(letters.note(links.unsubscribe_address(reader.pk), header)) == Taken.IGNORED
        assert Subscriber.objects.get().status == "active"

    def test_without_its_setting_no_address_unsubscribes(self, settings):
        reader = SubscriberFactory()
        address = links.unsubscribe_address(reader.pk)
        settings.UNSUBSCRIBE_ADDRESS = ""
        assert links.unsubscribe_address(reader.pk) == ""
        assert take(letters.note(address)) == Taken.IGNORED


class TestEverythingElse:
    @pytest.mark.parametrize("says_so", [True, False])
    def test_an_out_of_office_note_is_ignored(self, says_so):
        delivery = sent()
        raw = letters.out_of_office(delivery, says_so=says_so)
        assert take(raw, own_address(delivery)) == Taken.IGNORED
        assert outcome(delivery) == ("accepted", "")

    def test_our_own_digest_coming_back_is_ignored(self):
        delivery = sent()
        raw = letters.DIGEST.format(sender="x", recipient="y", uid=delivery.uid) + "\n\nTwenty papers."
        assert take(raw.encode(), own_address(delivery)) == Taken.IGNORED

    def test_nobody_is_ever_answered(self):
        delivery, reader = sent(), SubscriberFactory()
        for raw in (
            letters.postfix(delivery),
            letters.feedback(delivery),
            letters.note(links.unsubscribe_address(reader.pk)),
            letters.note("unsubscribe@example.org"),
        ):
            take(raw)
        assert outbox.outbox == []

    @pytest.mark.parametrize("raw", [b"", b"\n\nno headers", b"\xff\xfe\x00", b"one word"])
    def test_what_is_no_mail_is_an_error_of_its_own(self, raw):
        with pytest.raises(ValueError, match="not a mail"):
            events.take_bytes(raw, (), NOW)

    def test_broken_mails_are_ignored_not_fatal(self):
        delivery = sent()
        whole = letters.postfix(delivery, to="digest@example.org").replace(str(delivery.uid).encode(), b"x")
        chance = random.Random(1)
        for _ in range(200):
            cut = bytearray(whole[: chance.randrange(1, len(whole))])
            for _ in range(5):
                cut[chance.randrange(len(cut))] = chance.randrange(256)
            with suppress(ValueError):
                assert events.take_bytes(bytes(cut), (), NOW) == Taken.IGNORED

    def test_a_mail_of_nothing_but_boundaries_is_none(self):
        nested = "".join(f"Content-Type: multipart/report; boundary=b{depth}\n\n--b{depth}\n" for depth in range(3000))
        with pytest.raises(ValueError, match="not a mail"):
            take(("From: MAILER-DAEMON@x\nMIME-Version: 1.0\n" + nested).encode())

    def test_megabytes_are_read_in_linear_time_and_only_from_the_start(self):
        delivery = sent()
        raw = letters.exim(delivery) + b"a@" * 5_000_000
        assert take(raw) == Taken.REPORTED

    def test_while_the_database_is_away_the_mail_must_come_again(self, monkeypatch):
        def away(*_: object) -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(mail, "store", away)
        with pytest.raises(OperationalError):
            events.take_bytes(letters.postfix(sent()), (), NOW)
