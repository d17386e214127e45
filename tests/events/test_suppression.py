"""Who is suppressed: those whose mail cannot arrive or must not, at once or after patience, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from anymail.signals import EventType, RejectReason

from digest.events import soft_bounces
from digest.events.soft_bounces import Attempt
from digest.models import ProviderEvent
from subscriptions.models import SubscriberStatus, Suppression
from tests.asking import confirmed
from tests.events.making import HARD, SOFT, event, record, sent
from tests.factories import NOW, SubscriberFactory, SuppressionFactory

pytestmark = pytest.mark.django_db


class TestAtOnce:
    def test_a_hard_bounce_suppresses_the_address(self):
        delivery = sent()
        record(event(delivery, **HARD))
        assert Suppression.objects.get().address_hash == delivery.address_hash

    def test_a_hard_bounce_without_a_row_of_ours_suppresses_the_address_too(self):
        reader = SubscriberFactory(email="Gone@Example.org")
        record(event(recipient="gone@example.org", **HARD))
        assert Suppression.objects.get().address_hash == reader.address_hash

    @pytest.mark.parametrize(
        "fields",
        [
            {"mta_response": "450 4.2.1 try later"},
            {"mta_response": "452 mailbox full"},
            {"mta_response": "smtp; 421 too busy"},
            {"mta_response": "550 5.7.26 not authenticated"},
            {"mta_response": "550 5.1.1 blocked, see spamhaus.org"},
            {"mta_response": "550 5.1.8 bad sender"},
            {"mta_response": "550 5.7.515 Access denied"},
            {"mta_response": "552 5.2.2 over quota"},
            {"mta_response": None, "description": "Transient: MailboxFull"},
            {"reject_reason": RejectReason.BLOCKED},
            {"reject_reason": RejectReason.SPAM},
            {"reject_reason": RejectReason.TIMED_OUT},
            {"reject_reason": RejectReason.OTHER},
            {"reject_reason": None, "mta_response": "550 no"},
            {"event_type": EventType.REJECTED},
            {"event_type": EventType.DEFERRED},
            {"event_type": EventType.FAILED},
            {"esp_event": {"event": "soft_bounce"}},
            {"esp_event": {"Type": "SoftBounce", "TypeCode": 4096}},
            {"esp_event": {"type": "activity.soft_bounced"}},
            {"esp_event": {"bounce": {"bounceType": "Transient"}}},
            {"esp_event": {"hard_bounce": False}},
            {"esp_event": {"bounce_class": "20"}},
        ],
    )
    def test_blocks_delays_and_full_mailboxes_suppress_nobody(self, fields):
        record(event(sent(), **{**HARD, **fields}))
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"mta_response": None},
            {"mta_response": "550 unknown user 10.5.7.1"},
            {"reject_reason": RejectReason.INVALID},
            {"reject_reason": None},
            {"esp_event": {"bounce_class": "10"}},
            {
                "esp_event": {
                    "event": "hard_bounce",
                    "msg": {"subject": "A soft bounce, as robots learn it on their way"},
                }
            },
        ],
    )
    def test_a_mailbox_that_does_not_exist_is_told_from_them(self, fields):
        record(event(sent(), **{**HARD, **fields}))
        assert Suppression.objects.exists()

    def test_a_complaint_suppresses_and_unsubscribes(self):
        delivery = sent()
        record(event(delivery, event_type="complained"))
        assert Suppression.objects.get().reason == "complaint"
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.UNSUBSCRIBED

    def test_unsubscribing_at_the_provider_unsubscribes_here(self):
        delivery = sent()
        record(event(delivery, event_type="unsubscribed"))
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.UNSUBSCRIBED
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("fields", [HARD, {"event_type": "complained"}, {"event_type": "unsubscribed"}])
    def test_what_happened_before_the_reader_confirmed_again_is_history(self, fields):
        delivery = sent(subscriber=SubscriberFactory(confirmed_at=NOW))
        record(event(delivery, **{**fields, "timestamp": NOW - timedelta(days=2)}))
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.ACTIVE
        assert not Suppression.objects.exists()
        assert ProviderEvent.objects.count() == 1

    def test_a_graver_reason_takes_the_place_of_a_bounce_and_never_the_other_way_round(self):
        delivery = sent()
        SuppressionFactory(address=delivery.subscriber.email, reason="soft_bounce")
        for fields, reason in ((HARD, "hard_bounce"), ({"event_type": "complained"}, "complaint"), (HARD, "complaint")):
            record(event(delivery, **fields))
            assert Suppression.objects.get().reason == reason


def bounced(reader, days_ago: int, fields=SOFT) -> None:
    at = NOW - timedelta(days=days_ago)
    delivery = sent(subscriber=reader, due_at=at, claimed_at=at, created_at=at)
    if fields is not None:
        record(event(delivery, **{**fields, "timestamp": at + timedelta(minutes=1)}), now=at + timedelta(minutes=2))


class TestSoftBounces:
    """3 of the last 5, over at least 7 days."""

    def suppressed_after(self, *history: tuple[int, dict | None]) -> bool:
        reader = SubscriberFactory(confirmed_at=NOW - timedelta(days=90))
        for days_ago, fields in history:
            bounced(reader, days_ago, fields)
        return Suppression.objects.filter(address_hash=reader.address_hash, reason="soft_bounce").exists()

    def test_three_over_two_weeks_are_enough(self):
        assert self.suppressed_after((14, SOFT), (7, SOFT), (0, SOFT))

    def test_two_are_not(self):
        assert not self.suppressed_after((14, SOFT), (0, SOFT))

    def test_a_daily_reader_is_given_a_week(self):
        assert not self.suppressed_after(*((days, SOFT) for days in (6, 5, 4, 3, 2, 1, 0)))
        assert self.suppressed_after(*((days, SOFT) for days in (7, 6, 5, 4, 3, 2, 1, 0)))

    def test_what_nobody_reported_on_counts_among_the_five(self):
        assert self.suppressed_after((20, SOFT), (15, None), (10, SOFT), (5, None), (0, SOFT))
        assert not self.suppressed_after((20, SOFT), (15, None), (10, SOFT), (9, None), (5, None), (0, SOFT))

    def test_one_that_arrived_begins_the_count_anew(self):
        arrived = {"event_type": "delivered"}
        assert not self.suppressed_after((20, SOFT), (13, SOFT), (10, arrived), (8, SOFT), (0, SOFT))

    @pytest.mark.parametrize("refusal", [{"mta_response": "421 4.7.0 try later"}, {"reject_reason": "blocked"}])
    def test_policy_never_counts(self, refusal):
        assert not self.suppressed_after(*((days, {**SOFT, **refusal}) for days in (28, 21, 14, 7, 0)))

    def test_what_was_before_the_confirmation_does_not_count(self):
        reader = SubscriberFactory(confirmed_at=NOW - timedelta(days=10))
        for days_ago in (21, 14, 0):
            bounced(reader, days_ago)
        assert not Suppression.objects.exists()

    def test_a_fresh_confirmation_lifts_it(self):
        reader = SubscriberFactory(confirmed_at=NOW - timedelta(days=90))
        for days_ago in (14, 7, 0):
            bounced(reader, days_ago)
        later = NOW + timedelta(days=1)
        assert confirmed(reader.email, later) == reader
        assert not Suppression.objects.exists()
        bounced(reader, -2)
        assert not Suppression.objects.exists()

    def test_the_settings_are_the_limits(self, settings):
        attempts = [Attempt(NOW - timedelta(days=days), True, False) for days in (0, 2)]
        assert not soft_bounces.is_persistent(attempts)
        settings.SOFT_BOUNCE_LIMIT, settings.SOFT_BOUNCE_WINDOW, settings.SOFT_BOUNCE_DAYS = 2, 2, 2
        assert soft_bounces.is_persistent(attempts)
        settings.SOFT_BOUNCE_DAYS = 3
        assert not soft_bounces.is_persistent(attempts)
