from datetime import datetime, timedelta

import pytest

from subscriptions import addresses, queries, services
from subscriptions.models import ConsentRecord, SubscriberStatus, Suppression, SuppressionReason
from subscriptions.services import Origin, Preferences
from tests.factories import NOW, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ORIGIN = Origin("form", "192.0.2.7", "Browser", "I agree", "1")
ROBOTS = Preferences(topics=("robotics",), frequency="weekly", delivery_weekday=2, time_zone="Europe/Berlin")


def test_a_complaint_unsubscribes() -> None:
    reader = SubscriberFactory.create()
    services.suppress(reader.address_hash, SuppressionReason.COMPLAINT, "abuse", NOW)
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED
    assert ConsentRecord.objects.latest("id").origin == "complaint"
    assert services.unsuppress(reader.address_hash) is True
    assert not queries.due(NOW + DAY).exists(), "lifting a suppression brings nobody back"
    assert services.unsuppress(reader.address_hash) is False


def test_a_graver_reason_replaces_a_bounce_and_never_the_reverse() -> None:
    digest = addresses.address_hash("ada@example.org")
    for reason in (SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE):
        services.suppress(digest, reason, reason, NOW)
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.detail) == (SuppressionReason.COMPLAINT, "complaint")


def test_unsubscribing_works_at_once_and_once() -> None:
    reader = SubscriberFactory.create()
    assert services.unsubscribe(reader.pk, ORIGIN, NOW) is True
    assert services.unsubscribe(reader.pk, ORIGIN, NOW + DAY) is False
    assert services.unsubscribe(999_999, ORIGIN, NOW) is False
    reader.refresh_from_db()
    assert (reader.status, reader.unsubscribed_at, reader.next_delivery_at) == ("unsubscribed", NOW, None)
    assert [record.action for record in ConsentRecord.objects.all()] == ["unsubscribed"]


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


def test_due_leaves_out_the_suppressed_and_the_gone() -> None:
    due = SubscriberFactory.create(next_delivery_at=NOW)
    SubscriberFactory.create(next_delivery_at=NOW + timedelta(seconds=1))
    SubscriberFactory.create(unsubscribed=True)
    bounced = SubscriberFactory.create(next_delivery_at=NOW)
    services.suppress(bounced.address_hash, SuppressionReason.HARD_BOUNCE, "", NOW)
    assert list(queries.due(NOW)) == [due]
