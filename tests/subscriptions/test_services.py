from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from subscriptions import addresses, consent, queries, services
from subscriptions.models import (
    ConsentAction,
    ConsentRecord,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from subscriptions.services import Origin, Preferences
from subscriptions.tokens import TokenData
from tests.factories import NOW, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ORIGIN = Origin("form", "192.0.2.7", "Browser", "I agree", "1")
ROBOTS = Preferences(topics=("robotics",), frequency="weekly", delivery_weekday=2, time_zone="Europe/Berlin")


def ask(email: str = "ada@example.org", now: datetime = NOW, preferences: Preferences = ROBOTS) -> int | None:
    return services.request_subscription(email, preferences, ORIGIN, now)


def mailed(email: str = "ada@example.org", now: datetime = NOW) -> Subscriber:
    """Someone who asked and whose confirmation mail has left."""
    subscriber_id = ask(email, now)
    assert subscriber_id
    subscriber = services.claim_confirmation(subscriber_id, now)
    assert subscriber
    return subscriber


def confirmed(email: str = "ada@example.org", now: datetime = NOW) -> Subscriber:
    subscriber = services.confirm(link_of(mailed(email, now)), ORIGIN, now)
    assert subscriber
    return subscriber


def link_of(subscriber: Subscriber) -> TokenData:
    return TokenData(subscriber.pk, subscriber.opt_in_round)


def actions() -> list[str]:
    return list(ConsentRecord.objects.values_list("action", flat=True))


def test_a_request_makes_a_pending_reader_with_their_preferences() -> None:
    TopicFactory.create(slug="robotics")
    subscriber_id = ask("Ada@Example.org")
    reader = Subscriber.objects.get(pk=subscriber_id)
    assert reader.status == SubscriberStatus.PENDING
    assert (reader.email, reader.address_key) == ("Ada@example.org", "ada@example.org")
    assert Preferences.of(reader) == ROBOTS
    assert reader.next_delivery_at is None
    record = ConsentRecord.objects.get()
    assert (record.action, record.text, record.text_version, record.origin, record.ip_address, record.user_agent) == (
        ConsentAction.REQUESTED, "I agree", "1", "form", "192.0.2.7", "Browser",
    )  # fmt: skip
    assert record.address_hash == addresses.address_hash("ada@example.org")


def test_the_ip_address_is_kept_only_where_the_operator_wants_it(settings: Any) -> None:
    settings.CONSENT_RECORDS_IP = False
    ask()
    assert ConsentRecord.objects.get().ip_address is None


def test_an_invalid_address_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(ValidationError):
        ask("ada@example.org\r\nBcc: eve@example.org")
    assert not Subscriber.objects.exists()


def test_asking_twice_is_one_reader_one_mail_and_the_newest_preferences() -> None:
    TopicFactory.create(slug="robotics")
    first = ask()
    assert ask("ADA@example.org ", preferences=Preferences(delivery_hour=9)) == first
    assert services.claim_confirmation(first or 0, NOW)
    assert services.claim_confirmation(first or 0, NOW) is None
    assert Subscriber.objects.get().delivery_hour == 9
    assert actions() == ["requested"]


def test_a_pending_reader_is_asked_again_only_when_a_day_has_passed() -> None:
    reader = mailed()
    assert ask(now=NOW + DAY - timedelta(seconds=1)) is None
    assert ask(now=NOW + DAY) == reader.pk
    again = services.claim_confirmation(reader.pk, NOW + DAY)
    assert again
    assert again.opt_in_round == reader.opt_in_round + 1
    assert services.confirm(link_of(reader), ORIGIN, NOW + DAY) is None, "the older link is dead"
    assert services.confirm(link_of(again), ORIGIN, NOW + DAY)


def test_confirming_makes_the_first_digest_due_at_once() -> None:
    reader = confirmed(now=NOW)
    assert (reader.status, reader.confirmed_at, reader.next_delivery_at) == (SubscriberStatus.ACTIVE, NOW, NOW)
    assert list(queries.due(NOW)) == [reader]
    assert actions() == ["requested", "confirmed"]


def test_a_confirmation_link_works_once() -> None:
    reader = confirmed()
    assert services.confirm(link_of(reader), ORIGIN, NOW) is None
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    assert services.confirm(link_of(reader), ORIGIN, NOW) is None
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_a_confirmation_link_expires(settings: Any) -> None:
    settings.CONFIRMATION_DAYS = 3
    reader = mailed()
    assert services.confirm(link_of(reader), ORIGIN, NOW + 3 * DAY + timedelta(seconds=1)) is None
    assert services.confirm(link_of(reader), ORIGIN, NOW + 3 * DAY)


def test_a_link_whose_mail_has_not_left_does_not_confirm() -> None:
    subscriber_id = ask()
    reader = Subscriber.objects.get(pk=subscriber_id)
    assert services.confirm(link_of(reader), ORIGIN, NOW) is None


def test_an_active_reader_is_never_changed_by_a_sign_up() -> None:
    reader = confirmed()
    assert ask(preferences=Preferences(delivery_hour=23)) == reader.pk
    before = Subscriber.objects.values().get(pk=reader.pk)
    assert ask(now=NOW + 30 * DAY, preferences=Preferences(delivery_hour=23)) == reader.pk
    assert Subscriber.objects.values().get(pk=reader.pk) == before
    assert services.claim_confirmation(reader.pk, NOW) is None
    assert actions() == ["requested", "confirmed"]


def test_coming_back_needs_a_fresh_confirmation() -> None:
    reader = confirmed()
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    assert ask() == reader.pk, "who confirmed wanted that mail: it does not count against the daily limit"
    back = services.claim_confirmation(reader.pk, NOW)
    assert back
    assert back.status == SubscriberStatus.PENDING
    assert not queries.due(NOW + DAY).exists()
    assert services.confirm(link_of(back), ORIGIN, NOW)
    assert actions() == ["requested", "confirmed", "unsubscribed", "requested", "confirmed"]


def test_a_stranger_cannot_have_someone_who_left_mailed_more_than_once_a_day() -> None:
    reader = confirmed()
    hour = timedelta(hours=1)
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    mailed(now=NOW + hour)
    services.unsubscribe(reader.pk, ORIGIN, NOW + hour)
    assert ask(now=NOW + 24 * hour) is None
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINT, SuppressionReason.MANUAL])
def test_after_a_complaint_or_by_hand_nothing_is_mailed_or_stored(reason: str) -> None:
    services.suppress(addresses.address_hash("ada@example.org"), reason, "", NOW)
    assert ask() is None
    assert not Subscriber.objects.exists()
    assert not ConsentRecord.objects.exists()


def test_a_complaint_between_mail_and_confirmation_stops_it() -> None:
    reader = mailed()
    services.suppress(reader.address_hash, SuppressionReason.MANUAL, "", NOW)
    assert services.confirm(link_of(reader), ORIGIN, NOW) is None
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.PENDING


def test_a_complaint_unsubscribes() -> None:
    reader = confirmed()
    services.suppress(reader.address_hash, SuppressionReason.COMPLAINT, "abuse", NOW)
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED
    assert ConsentRecord.objects.latest("id").origin == "complaint"
    assert services.unsuppress(reader.address_hash) is True
    assert not queries.due(NOW + DAY).exists(), "lifting a suppression brings nobody back"
    assert services.unsuppress(reader.address_hash) is False


def test_a_hard_bounce_stops_mail_and_a_fresh_confirmation_lifts_it() -> None:
    reader = confirmed()
    services.suppress(reader.address_hash, SuppressionReason.HARD_BOUNCE, "550 5.1.1", NOW)
    assert not queries.due(NOW + DAY).exists()
    later = NOW + 8 * DAY
    assert ask(now=later) == reader.pk
    back = services.claim_confirmation(reader.pk, later)
    assert back
    assert Suppression.objects.exists(), "asking alone lifts nothing"
    assert services.confirm(link_of(back), ORIGIN, later)
    assert not Suppression.objects.exists()
    assert queries.due(later).exists()


def test_an_address_that_bounced_is_tried_once_in_a_links_life(settings: Any) -> None:
    settings.SIGNUPS_PER_ADDRESS_PER_DAY = 5
    reader = mailed()
    services.suppress(reader.address_hash, SuppressionReason.HARD_BOUNCE, "", NOW)
    assert ask(now=NOW + 6 * DAY) is None
    assert ask(now=NOW + 7 * DAY) == reader.pk


def test_a_graver_reason_replaces_a_bounce_and_never_the_reverse() -> None:
    digest = addresses.address_hash("ada@example.org")
    for reason in (SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE):
        services.suppress(digest, reason, reason, NOW)
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.detail) == (SuppressionReason.COMPLAINT, "complaint")


def test_suppression_survives_the_readers_deletion() -> None:
    reader = confirmed()
    services.suppress(reader.address_hash, SuppressionReason.COMPLAINT, "", NOW)
    Subscriber.objects.all().delete()
    assert ask(now=NOW + 400 * DAY) is None
    assert ConsentRecord.objects.filter(subscriber=None).count() == 3


def test_unsubscribing_works_at_once_and_once() -> None:
    reader = confirmed()
    assert services.unsubscribe(reader.pk, ORIGIN, NOW) is True
    assert services.unsubscribe(reader.pk, ORIGIN, NOW + DAY) is False
    assert services.unsubscribe(999_999, ORIGIN, NOW) is False
    reader.refresh_from_db()
    assert (reader.status, reader.unsubscribed_at, reader.next_delivery_at) == ("unsubscribed", NOW, None)
    assert actions().count("unsubscribed") == 1


def test_unsubscribing_stops_a_confirmation_that_was_asked_for() -> None:
    reader = mailed()
    services.unsubscribe(reader.pk, ORIGIN, NOW)
    assert services.confirm(link_of(reader), ORIGIN, NOW) is None


def test_new_preferences_move_the_next_slot() -> None:
    robotics = TopicFactory.create(slug="robotics")
    reader = SubscriberFactory.create(next_delivery_at=NOW + DAY)
    services.change_preferences(reader, ROBOTS, NOW)
    assert list(reader.topics.all()) == [robotics]
    assert reader.next_delivery_at == datetime.fromisoformat("2026-07-15T05:00Z")  # Wednesday, 7:00 in Berlin
    services.change_preferences(reader, Preferences(), NOW)
    assert not reader.topics.exists()


def test_new_preferences_do_not_lose_a_digest_that_is_due() -> None:
    reader = SubscriberFactory.create(next_delivery_at=NOW)
    services.change_preferences(reader, ROBOTS, NOW)
    assert reader.next_delivery_at == NOW


def test_preferences_of_someone_who_left_wake_nobody() -> None:
    reader = SubscriberFactory.create(unsubscribed=True)
    services.change_preferences(reader, ROBOTS, NOW)
    assert reader.next_delivery_at is None
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_slots_advance_together_whatever_their_schedules(django_assert_max_num_queries) -> None:
    zones = ["UTC", "Europe/Berlin", "Asia/Tokyo"]
    readers = [SubscriberFactory.create(time_zone=zones[number % 3], next_delivery_at=NOW) for number in range(12)]
    with django_assert_max_num_queries(3):
        assert services.advance_slots([reader.pk for reader in readers], NOW) == 12
    for reader in readers:
        reader.refresh_from_db()
        assert reader.next_delivery_at == services.next_slot(reader, NOW)


def test_a_slot_the_reader_just_moved_stays_and_who_left_gets_none() -> None:
    moved = SubscriberFactory.create(next_delivery_at=NOW + timedelta(hours=9))
    left = SubscriberFactory.create(unsubscribed=True)
    assert services.advance_slots([moved.pk, left.pk], NOW) == 0
    moved.refresh_from_db()
    left.refresh_from_db()
    assert (moved.next_delivery_at, left.next_delivery_at) == (NOW + timedelta(hours=9), None)


def test_due_leaves_out_the_suppressed_the_pending_and_the_gone() -> None:
    due = SubscriberFactory.create(next_delivery_at=NOW)
    SubscriberFactory.create(next_delivery_at=NOW + timedelta(seconds=1))
    SubscriberFactory.create(pending=True)
    SubscriberFactory.create(unsubscribed=True)
    bounced = SubscriberFactory.create(next_delivery_at=NOW)
    services.suppress(bounced.address_hash, SuppressionReason.HARD_BOUNCE, "", NOW)
    assert list(queries.due(NOW)) == [due]


def test_who_never_confirmed_is_forgotten_a_month_after_the_link_expired() -> None:
    forgotten = mailed("ada@example.org", NOW)
    waiting = mailed("bob@example.org", NOW + 10 * DAY)
    back = confirmed("cleo@example.org", NOW - DAY)
    services.unsubscribe(back.pk, ORIGIN, NOW - DAY)
    mailed("cleo@example.org", NOW)
    assert services.forget_unconfirmed(NOW + 38 * DAY) == 1
    assert set(Subscriber.objects.all()) == {waiting, back}
    assert ConsentRecord.objects.filter(address_hash=forgotten.address_hash).count() == 1


def test_whom_no_mail_ever_reached_is_forgotten_as_long_after_they_last_asked() -> None:
    services.release_confirmation(mailed("ada@example.org", NOW))
    asked_again = mailed("bob@example.org", NOW)
    services.release_confirmation(asked_again)
    consent.record([asked_again], ConsentAction.REQUESTED, ORIGIN, NOW + 30 * DAY)
    assert services.forget_unconfirmed(NOW + 36 * DAY) == 0
    assert services.forget_unconfirmed(NOW + 38 * DAY) == 1
    assert list(Subscriber.objects.all()) == [asked_again]


def test_a_released_claim_can_be_claimed_again_and_only_by_its_owner() -> None:
    reader = mailed()
    services.release_confirmation(reader)
    assert services.claim_confirmation(reader.pk, NOW + DAY)
    services.release_confirmation(reader)  # late: another worker holds it now
    assert services.claim_confirmation(reader.pk, NOW + DAY) is None
