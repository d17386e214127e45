"""The ledger follows what is reported: forward only, in any order, by whatever name the provider has for a message."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from digest import events
from digest.models import DeliveryState, ProviderEvent
from digest.models.states import MOVES
from tests.events.making import HARD, event, record, sent, state_after, store
from tests.factories import NOW, DeliveryFactory

pytestmark = pytest.mark.django_db


class TestStates:
    @pytest.mark.parametrize(
        ("kind", "before", "after"),
        [
            ("delivered", "accepted", "delivered"),
            ("delivered", "claimed", "delivered"),
            ("delivered", "unknown", "delivered"),
            ("delivered", "bounced", "bounced"),
            ("delivered", "complained", "complained"),
            ("delivered", "queued", "queued"),
            ("delivered", "skipped", "skipped"),
            ("bounced", "accepted", "bounced"),
            ("bounced", "delivered", "bounced"),
            ("bounced", "complained", "complained"),
            ("complained", "delivered", "complained"),
            ("complained", "bounced", "complained"),
            ("rejected", "accepted", "rejected"),
            ("rejected", "delivered", "delivered"),
            ("failed", "unknown", "rejected"),
            ("queued", "unknown", "accepted"),
            ("deferred", "claimed", "accepted"),
            ("opened", "unknown", "accepted"),
            ("sent", "delivered", "delivered"),
            ("unknown", "unknown", "unknown"),
        ],
    )
    def test_rows_move_forward_only(self, kind, before, after):
        delivery = sent(state=before)
        assert state_after(delivery, event(delivery, event_type=kind)) == after

    @pytest.mark.parametrize("kind", ["sent", "delivered", "bounced", "rejected", "complained", "opened", "unknown"])
    @pytest.mark.parametrize("before", list(DeliveryState))
    def test_no_event_makes_a_move_that_is_not_in_the_table(self, kind, before):
        delivery = sent(state=before, claimed_at=NOW)
        after = state_after(delivery, event(delivery, event_type=kind))
        assert after == before or after in MOVES[before]

    @pytest.mark.parametrize(("kind", "after"), [("delivered", "delivered"), ("sent", "accepted")])
    @pytest.mark.parametrize("policy", ["skip", "resend"])
    def test_an_answer_for_a_message_that_is_queued_again_settles_it_under_either_setting(
        self, kind, after, policy, settings
    ):
        settings.UNKNOWN_DELIVERIES = policy
        delivery = DeliveryFactory(state="queued", claimed_at=NOW)
        assert state_after(delivery, event(delivery, event_type=kind)) == after
        assert delivery.accepted_at == NOW

    def test_one_that_was_never_claimed_cannot_have_arrived(self):
        delivery = DeliveryFactory(state="queued", claimed_at=None)
        assert state_after(delivery, event(delivery, event_type="delivered")) == "queued"

    def test_a_refusal_does_not_call_the_message_accepted(self):
        delivery = sent(state="unknown")
        assert state_after(delivery, event(delivery, event_type="rejected", description="no")) == "rejected"
        assert (delivery.accepted_at, delivery.detail) == (None, "no")

    @pytest.mark.parametrize("order", [1, -1])
    def test_what_comes_in_one_batch_ends_the_same_in_any_order(self, order):
        delivery = sent(state="unknown")
        happened = [event(delivery, event_type=kind) for kind in ("sent", "delivered")] + [event(delivery, **HARD)]
        record(*happened[::order])
        delivery.refresh_from_db()
        assert delivery.state == "bounced"


class TestMatching:
    @pytest.mark.parametrize(
        ("stored", "reported"),
        [
            ("<id-7@provider>", "<id-7@provider>"),
            ("<id-7@provider>", "id-7@provider"),
            ("id-7@provider", "<id-7@provider>"),
            ("0100018c-11-000000", "0100018c-11-000000"),
            ("5b0f8ee0-2bd4-4d5b-9d1f-2f0f6c1b7a11", "5b0f8ee0-2bd4-4d5b-9d1f-2f0f6c1b7a11"),
            ("5B0F8EE02BD44D5B9D1F2F0F6C1B7A11", "5B0F8EE02BD44D5B9D1F2F0F6C1B7A11"),
        ],
    )
    def test_a_row_is_found_by_the_providers_id_whatever_its_shape(self, stored, reported):
        delivery = sent(provider_message_id=stored)
        assert state_after(delivery, event(event_type="delivered", message_id=reported)) == "delivered"

    @pytest.mark.parametrize("shape", ["<{}@x.org>", "{}@x.org", "{}"])
    def test_a_row_is_found_by_our_message_id(self, shape):
        delivery = sent()
        found = event(event_type="delivered", message_id=shape.format(delivery.uid))
        assert state_after(delivery, found) == "delivered"

    def test_a_row_is_found_by_the_bounce_address_that_was_its_own(self, settings):
        settings.BOUNCE_ADDRESS = "bounces@example.org"
        delivery = sent()
        found = event(event_type="bounced", recipient=f"Bounces+{delivery.uid.hex}@example.org")
        assert state_after(delivery, found) == "bounced"

    def test_of_two_rows_with_one_provider_id_the_recipients_own_is_meant(self):
        mine, other = sent(provider_message_id="1"), sent(provider_message_id="1")
        record(event(event_type="delivered", message_id="1", recipient=mine.subscriber.email))
        assert [state_after(each) for each in (mine, other)] == ["delivered", "accepted"]

    def test_metadata_of_others_does_not_hide_the_providers_id(self):
        delivery = sent(provider_message_id="77")
        stray = event(event_type="delivered", message_id="77", metadata={"delivery": str(uuid.uuid4())})
        assert state_after(delivery, stray) == "delivered"

    def test_an_event_about_nothing_of_ours_moves_nothing(self):
        delivery = sent()
        stray = event(event_type="bounced", message_id="", metadata={"delivery": "' OR 1=1"}, recipient="x@example.org")
        assert state_after(delivery, stray) == "accepted"
        assert ProviderEvent.objects.get().delivery is None

    def test_an_event_that_is_faster_than_our_record_waits_for_it(self):
        delivery = sent(state="claimed")
        early = event(event_type="delivered", message_id="id-9", timestamp=NOW)
        assert record(early) == 0
        delivery.provider_message_id = "id-9"
        delivery.save()
        assert events.handle(NOW + timedelta(seconds=60)) == 1
        delivery.refresh_from_db()
        assert delivery.state == "delivered"

    def test_it_does_not_wait_for_ever_and_holds_up_nobody(self):
        store(event(event_type="delivered", message_id="of another service"))
        delivery = sent()
        assert record(event(delivery, event_type="delivered")) == 1
        assert events.handle(NOW + timedelta(minutes=3)) == 1
        assert events.handle(NOW + timedelta(minutes=3)) == 0

    def test_an_event_that_names_no_recipient_is_filed_under_the_rows(self):
        delivery = sent()
        record(event(delivery, event_type="delivered", recipient=None))
        assert ProviderEvent.objects.get().address_hash == delivery.address_hash
