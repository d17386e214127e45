"""How people become readers: asked, decided, mailed, confirmed; and how often a mailbox hears of it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import addresses, queries, services, signups
from subscriptions.models import (
    ConsentAction,
    ConsentRecord,
    SignupRequest,
    SignupState,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from subscriptions.services import Preferences
from tests.asking import ORIGIN, ask, confirmed, mailed
from tests.factories import NOW, SignupRequestFactory, SubscriberFactory, SuppressionFactory, TopicFactory

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROBOTS = Preferences(
    topics=("robotics",), frequency="weekly", delivery_weekday=2, time_zone="Europe/Berlin", abstracts="full"
)


def sent(until: datetime, email: str = "", step: timedelta = HOUR, since: datetime = NOW) -> list[datetime]:
    """When mails leave if whatever is due is sent every hour; with `email` somebody also asks for it each time."""
    times, now = [], since
    while now <= until:
        if email:
            ask(email, now)
        times += [now for pk in signups.due(now) if signups.claim(pk, now)]
        signups.forget(now)
        now += step
    return times


# Asking


@pytest.mark.parametrize("kind", ["new", "active", "left", "bounced", "complained", "flooding"])
def test_asking_is_one_statement_whoever_it_is_about(kind: str) -> None:
    if kind in ("active", "left"):
        SubscriberFactory.create(email="ada@example.org", unsubscribed=kind == "left")
    if kind in ("bounced", "complained"):
        reason = "hard_bounce" if kind == "bounced" else "complaint"
        SuppressionFactory.create(address="ada@example.org", reason=reason)
    if kind == "flooding":
        SignupRequestFactory.create(email="ada@example.org", mails=9)
    with CaptureQueriesContext(connection) as statements:
        signups.ask("ada@example.org", ROBOTS, ORIGIN, NOW)
    assert [each["sql"].split()[0] for each in statements] == ["INSERT"]


def test_an_invalid_address_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(ValidationError):
        ask("ada@example.org\r\nBcc: eve@example.org")
    assert not SignupRequest.objects.exists()


# Becoming a reader


def test_wishes_wait_aside_and_are_the_reader_s_when_they_confirm() -> None:
    TopicFactory.create(slug="robotics")
    request = mailed("Ada@Example.org", preferences=ROBOTS)
    assert request
    assert not Subscriber.objects.exists()
    assert not ConsentRecord.objects.exists(), "who never confirms leaves no record behind"
    later = NOW + HOUR
    reader = signups.confirm(request.pk, ORIGIN, later)
    assert reader
    assert (reader.email, reader.address_key) == ("Ada@example.org", "ada@example.org")
    assert Preferences.of(reader) == ROBOTS
    assert (reader.status, reader.confirmed_at, reader.next_delivery_at) == (SubscriberStatus.ACTIVE, later, later)
    assert list(queries.due(later)) == [reader]
    asked, done = ConsentRecord.objects.all()
    assert (asked.action, asked.created_at, asked.text, asked.text_version, asked.origin, asked.ip_address) == (
        ConsentAction.REQUESTED, NOW, "I agree", "1", "form", "192.0.2.7",
    )  # fmt: skip
    assert (done.action, done.created_at, done.address_hash) == (ConsentAction.CONFIRMED, later, reader.address_hash)
    request.refresh_from_db()
    assert request.wanted == {}, "it is the reader's own now"


def test_wishes_of_another_version_are_read_as_far_as_they_are_known() -> None:
    request = SignupRequestFactory.build(wanted={"topics": ["robotics"], "digest_length": 5, "font": "Comic Sans"})
    assert signups.wanted(request) == Preferences(topics=("robotics",), digest_length=5)


def test_the_ip_address_is_kept_only_where_the_operator_wants_it(settings: Any) -> None:
    settings.CONSENT_RECORDS_IP = False
    ask()
    assert SignupRequest.objects.get().ip_address is None


def test_a_confirmation_link_works_once() -> None:
    request = mailed()
    assert request
    reader = signups.confirm(request.pk, ORIGIN, NOW)
    assert reader
    assert signups.confirm(request.pk, ORIGIN, NOW) is None
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    assert signups.confirm(request.pk, ORIGIN, NOW) is None
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_a_confirmation_link_expires(settings: Any) -> None:
    settings.CONFIRMATION_DAYS = 3
    request = mailed()
    assert request
    assert signups.confirm(request.pk, ORIGIN, NOW + 3 * DAY + timedelta(seconds=1)) is None
    assert signups.confirm(request.pk, ORIGIN, NOW + 3 * DAY)


def test_a_link_whose_mail_has_not_left_does_not_confirm() -> None:
    ask()
    assert signups.confirm(SignupRequest.objects.get().pk, ORIGIN, NOW) is None


def test_a_stranger_changes_nothing_of_who_left_and_coming_back_brings_what_was_asked_for_then() -> None:
    TopicFactory.create(slug="robotics")
    reader = confirmed(preferences=ROBOTS)
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    request = mailed(preferences=Preferences(delivery_hour=9))
    assert request, "who confirmed wanted that mail: it does not count against the limits"
    reader.refresh_from_db()
    assert Preferences.of(reader) == ROBOTS
    assert reader.status == SubscriberStatus.UNSUBSCRIBED
    assert signups.confirm(request.pk, ORIGIN, NOW)
    reader.refresh_from_db()
    assert (reader.status, reader.delivery_hour) == (SubscriberStatus.ACTIVE, 9)


def test_an_active_reader_is_told_and_never_changed() -> None:
    reader = SubscriberFactory.create(email="ada@example.org")
    before = Subscriber.objects.values().get()
    ask("ada@example.org", preferences=ROBOTS)
    letter = signups.claim(signups.due(NOW)[0], NOW)
    assert letter
    assert letter.reader == reader
    assert sent(NOW + 30 * DAY, since=NOW + HOUR) == [], "and is not reminded"
    assert Subscriber.objects.values().get() == before


# Asking again


def test_asking_twice_is_one_request_one_mail_and_the_newest_wishes() -> None:
    ask()
    ask("ADA@example.org ", preferences=Preferences(delivery_hour=9))
    request = SignupRequest.objects.get()
    assert signups.wanted(request).delivery_hour == 9
    assert signups.claim(request.pk, NOW)
    assert signups.claim(request.pk, NOW) is None


def test_who_asks_twice_before_anybody_looked_is_one_request_too() -> None:
    for hour in (7, 9):
        signups.ask("ada@example.org", Preferences(delivery_hour=hour), ORIGIN, NOW)
    assert signups.decide(NOW) == 2
    assert signups.wanted(SignupRequest.objects.get()).delivery_hour == 9


def test_asking_again_has_a_mail_put_off_tried_no_sooner() -> None:
    request = SignupRequestFactory.create(email="ada@example.org", due=True, next_try_at=NOW + HOUR, attempts=7)
    ask("ada@example.org")
    request.refresh_from_db()
    assert (request.next_try_at, request.attempts) == (NOW + HOUR, 7)


def test_who_never_answers_gets_a_reminder_and_no_more() -> None:
    request = mailed()
    assert request
    assert sent(NOW + 36 * DAY) == [NOW + signups.REMINDER_AFTER]
    assert timedelta(hours=24) <= signups.REMINDER_AFTER <= timedelta(hours=48)


def test_the_reminder_says_that_it_is_one_and_its_link_is_good_for_as_long_again() -> None:
    request = mailed()
    assert request
    late = NOW + signups.REMINDER_AFTER
    letter = signups.claim(request.pk, late)
    assert letter
    assert letter.is_reminder
    assert signups.confirm(request.pk, ORIGIN, late + 7 * DAY)
    assert sent(NOW + 60 * DAY, since=late) == []


def test_who_confirmed_is_not_reminded() -> None:
    confirmed()
    assert sent(NOW + 10 * DAY) == []


def test_somebody_else_s_address_asked_for_every_hour_gets_what_the_settings_say(settings: Any) -> None:
    times = sent(NOW + 36 * DAY, "ada@example.org")
    assert len(times) == settings.SIGNUP_MAILS
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= signups.PAUSE


def test_after_it_was_forgotten_asking_begins_anew() -> None:
    first = mailed()
    assert first
    assert sent(NOW + 2 * DAY) != []
    end = NOW + signups.REMINDER_AFTER + 37 * DAY
    assert signups.forget(end - HOUR) == 0
    assert signups.forget(end) == 1
    again = mailed(now=end)
    assert again
    assert again.pk != first.pk, "its old link stays dead"


SPELLINGS = ["victim", "v.ictim", "vi.ctim", "v.i.c.t.i.m", "victim+a", "vic.tim+b", "VICTIM+" + "c" * 40]


def test_all_spellings_of_a_mailbox_share_its_limits() -> None:
    for name in SPELLINGS:
        for domain in ("gmail.com", "googlemail.com"):
            ask(f"{name}@{domain}")
    assert len(signups.due(NOW)) == 1
    assert len(sent(NOW + 5 * DAY)) == 2, "and one of them is the reminder"


def test_spellings_that_are_asked_for_day_after_day_share_three_mails() -> None:
    times: list[datetime] = []
    for hour in range(36 * 24):
        now = NOW + hour * HOUR
        if hour % 24 == 1:
            for name in SPELLINGS:
                signups.ask(f"{name}@gmail.com", Preferences(), ORIGIN, now)
            signups.decide(now)
        times += [now for pk in signups.due(now) if signups.claim(pk, now)]
    assert len(times) == 3
    assert all(later - earlier >= signups.PAUSE for earlier, later in itertools.pairwise(times))


def test_a_reminder_leaves_out_a_mailbox_that_heard_of_another_spelling_since() -> None:
    mailed("ada@example.org")
    assert mailed("ada+two@example.org", NOW + 25 * HOUR)
    times = sent(NOW + 50 * HOUR, since=NOW + 26 * HOUR)
    assert times == []


@pytest.mark.parametrize(
    ("address", "folded"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ada+news+more@example.org", "ada@example.org"),
        ("+ada@example.org", "+ada@example.org"),
        ("a.d.a@example.org", "a.d.a@example.org"),
        ("a.d.a+x@googlemail.com", "ada@gmail.com"),
    ],
)
def test_an_address_is_folded_as_its_provider_does(address: str, folded: str) -> None:
    assert addresses.folded(address) == folded


def test_strangers_who_share_a_folded_address_are_two_readers() -> None:
    one, two = confirmed("ada+one@example.org"), confirmed("ada+two@example.org")
    assert one.pk != two.pk
    assert two.email == "ada+two@example.org", "it is for limits alone"


# Whom nothing is sent to


@pytest.mark.parametrize("reason", ["complaint", "manual", "refused"])
def test_after_a_complaint_a_refusal_or_by_hand_nothing_is_mailed_or_kept(reason: str) -> None:
    SuppressionFactory.create(address="ada@example.org", reason=reason)
    ask()
    assert not SignupRequest.objects.exists()


def test_a_complaint_between_request_and_mail_ends_it() -> None:
    ask()
    services.suppress(SignupRequest.objects.get().address_hash, SuppressionReason.COMPLAINT, "", NOW)
    assert signups.claim(signups.due(NOW)[0], NOW) is None
    assert not SignupRequest.objects.exists()


def test_a_suppression_between_mail_and_confirmation_stops_it() -> None:
    request = mailed()
    assert request
    services.suppress(request.address_hash, SuppressionReason.MANUAL, "", NOW)
    assert signups.confirm(request.pk, ORIGIN, NOW) is None
    assert not Subscriber.objects.exists()


def test_a_bounce_is_lifted_by_a_fresh_confirmation_alone() -> None:
    reader = confirmed()
    services.suppress(reader.address_hash, SuppressionReason.HARD_BOUNCE, "550 5.1.1", NOW)
    assert not queries.due(NOW + DAY).exists()
    later = NOW + 8 * DAY
    request = mailed(now=later)
    assert request
    assert Suppression.objects.exists(), "asking alone lifts nothing"
    assert signups.confirm(request.pk, ORIGIN, later)
    assert not Suppression.objects.exists()
    assert queries.due(later).exists()


def test_an_address_that_bounced_is_tried_once_and_not_reminded() -> None:
    SuppressionFactory.create(address="ada@example.org", reason="hard_bounce")
    assert len(sent(NOW + 36 * DAY, "ada@example.org", step=DAY)) == 1


def test_who_did_not_ask_can_have_it_end_for_ever() -> None:
    mailed("ada@example.org")
    ask("ada@example.org", NOW + 25 * HOUR)
    assert signups.refuse(SignupRequest.objects.get().pk, NOW)
    assert Suppression.objects.get().reason == SuppressionReason.REFUSED
    assert sent(NOW + 36 * DAY, "ada@example.org", since=NOW + 26 * HOUR, step=DAY) == []
    assert signups.confirm(SignupRequest.objects.get().pk, ORIGIN, NOW) is None
    signups.forget(NOW + 40 * DAY)
    assert not SignupRequest.objects.exists()
    assert sent(NOW + 80 * DAY, "ada@example.org", since=NOW + 40 * DAY, step=DAY) == []


def test_refusing_also_ends_a_subscription_that_is_there() -> None:
    reader = SubscriberFactory.create(email="ada@example.org")
    SuppressionFactory.create(address="ada@example.org", reason="hard_bounce")
    request = mailed()
    assert request
    signups.refuse(request.pk, NOW)
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED
    assert signups.refuse(999_999, NOW) is False


# Mails that do not leave


def test_a_mail_that_did_not_leave_is_tried_ever_later_until_it_is_given_up() -> None:
    ask()
    (pk,) = signups.due(NOW)
    tries, now = [], NOW
    while now < NOW + 8 * DAY:
        for each in signups.due(now):
            letter = signups.claim(each, now)
            assert letter
            tries.append(now)
            signups.release(letter.request, now)
        now += timedelta(minutes=1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps[:7] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 60)]
    assert set(gaps[7:]) == {HOUR}
    assert tries[-1] < NOW + 7 * DAY
    assert SignupRequest.objects.get(pk=pk).mails == 0, "a mail that did not leave counts against no limit"
    assert signups.forget(now) == 1


def test_a_release_by_who_is_late_changes_nothing() -> None:
    ask()
    (pk,) = signups.due(NOW)
    first = signups.claim(pk, NOW)
    assert first
    signups.release(first.request, NOW)
    assert signups.claim(pk, NOW + HOUR)
    assert signups.claim(pk, NOW + HOUR) is None
    signups.give_up(pk)
    assert SignupRequest.objects.get().next_try_at is None


def test_no_more_leave_in_an_hour_than_the_site_allows_and_the_rest_wait(settings: Any) -> None:
    settings.SIGNUPS_PER_HOUR = 3
    for number in range(8):
        ask(f"reader{number}@example.org")
    assert sent(NOW + 3 * HOUR, step=timedelta(minutes=10)) == [
        *[NOW] * 3, *[NOW + HOUR] * 3, *[NOW + 2 * HOUR] * 2,
    ]  # fmt: skip


def test_what_is_never_mailed_expires_too() -> None:
    ask()
    assert signups.forget(NOW + 7 * DAY - HOUR) == 0
    assert signups.forget(NOW + 7 * DAY) == 1


# Many at once


def test_statements_do_not_grow_with_the_number_of_requests() -> None:
    def cost(number: int) -> int:
        for each in range(number):
            signups.ask(f"reader{number}-{each}@example.org", ROBOTS, ORIGIN, NOW)
        with CaptureQueriesContext(connection) as statements:
            assert signups.decide(NOW) == number
        return len(statements)

    assert cost(2) == cost(30)


def test_a_bombed_mailbox_gets_its_one_mail_and_honest_readers_all_get_theirs() -> None:
    for number in range(600):
        spelling = SPELLINGS[number % len(SPELLINGS)]
        signups.ask(f"{spelling}@gmail.com", Preferences(), ORIGIN, NOW)
        if number % 20 == 0:
            signups.ask(f"honest{number}@example.org", Preferences(), ORIGIN, NOW)
    while signups.decide(NOW):
        pass
    due = [signups.claim(pk, NOW) for pk in signups.due(NOW)]
    mailboxes = [addresses.folded(letter.request.address_key) for letter in due if letter]
    assert mailboxes.count("victim@gmail.com") == 1
    assert len(mailboxes) == len(set(mailboxes)) == 31
    assert SignupRequest.objects.filter(state=SignupState.OPEN).count() == 31, "nothing is kept of the rest"
