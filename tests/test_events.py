"""Provider events: stored once, moving the ledger forward, suppressing whom they must and nobody else."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import timedelta

import pytest
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.core import checks

from digest import events
from digest.delivery import checks as delivery_checks
from digest.models import Delivery, DeliveryState, ProviderEvent
from subscriptions.models import SubscriberStatus, Suppression
from tests.factories import NOW, DeliveryFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

HARD = {
    "event_type": EventType.BOUNCED,
    "reject_reason": RejectReason.BOUNCED,
    "mta_response": "550 5.1.1 <x@example.org> no such user [4.31.198.44]",
}


def sent(**fields) -> Delivery:
    return DeliveryFactory(**{"state": DeliveryState.ACCEPTED, **fields})


def event(delivery: Delivery | None = None, **fields) -> AnymailTrackingEvent:
    about = {}
    if delivery is not None:
        about = {"metadata": {"delivery": str(delivery.uid)}, "recipient": delivery.subscriber.email}
    return AnymailTrackingEvent(**{"timestamp": NOW, "event_id": uuid.uuid4().hex, **about, **fields})


def state_after(delivery: Delivery, *happened: AnymailTrackingEvent) -> str:
    for each in happened:
        events.record(each, "Test", NOW)
    delivery.refresh_from_db()
    return delivery.state


class TestTheLedger:
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

    def test_a_row_is_found_by_the_providers_id(self):
        delivery = sent(provider_message_id="<id-7@provider>")
        assert state_after(delivery, event(event_type="delivered", message_id="<id-7@provider>")) == "delivered"

    def test_a_row_is_found_by_our_message_id(self):
        delivery = sent()
        assert state_after(delivery, event(event_type="delivered", message_id=f"<{delivery.uid}@x.org>")) == "delivered"

    def test_an_event_about_nothing_of_ours_moves_nothing(self):
        delivery = sent()
        stray = event(event_type="bounced", message_id="", metadata={"delivery": "' OR 1=1"}, recipient="x@example.org")
        assert state_after(delivery, stray) == "accepted"
        assert ProviderEvent.objects.get().delivery is None


class TestStoring:
    def test_an_event_is_stored_once_however_often_it_is_replayed(self):
        delivery = sent()
        for same in (event(delivery, event_type="delivered"), event(delivery, event_type="deferred", event_id=None)):
            assert events.record(same, "Test", NOW)
            assert not events.record(same, "Test", NOW + timedelta(days=1))
        assert ProviderEvent.objects.count() == 2

    def test_a_replay_does_not_undo_what_happened_since(self):
        delivery = sent()
        bounce = event(delivery, **HARD)
        events.record(bounce, "Test", NOW)
        Suppression.objects.all().delete()
        events.record(bounce, "Test", NOW)
        assert not Suppression.objects.exists()

    def test_one_notice_about_two_recipients_is_two_events(self):
        for reader in ("a@example.org", "b@example.org"):
            events.record(event(event_type="bounced", event_id="notice-1", recipient=reader), "Test", NOW)
        assert ProviderEvent.objects.count() == 2
        assert ProviderEvent.objects.values("address_hash").distinct().count() == 2

    def test_what_a_reader_does_with_a_mail_is_not_stored(self):
        delivery = sent()
        events.record(event(delivery, event_type="opened"), "Test", NOW)
        events.record(event(delivery, event_type="clicked", click_url="https://arxiv.org"), "Test", NOW)
        assert not ProviderEvent.objects.exists()

    def test_junk_is_stored_without_harm(self):
        junk = event(
            event_type="bounced",
            event_id="x" * 500 + "\0",
            recipient="not an address\r\n",
            reject_reason="y" * 50,
            description="\0" + "z" * 9000,
            message_id="\0",
            metadata=["no", "mapping"],
            timestamp=None,
            esp_event=b"bytes",
        )
        assert events.record(junk, "P" * 80, NOW)
        row = ProviderEvent.objects.get()
        assert len(row.key) <= 100
        assert row.address_hash == ""
        assert not Suppression.objects.exists()

    def test_the_receiver_never_raises(self, caplog):
        tracking.send(sender=object, event=object(), esp_name="Test")
        assert "could not be recorded" in caplog.text


class TestSuppression:
    def test_a_hard_bounce_suppresses_the_address(self):
        delivery = sent()
        events.record(event(delivery, **HARD), "Test", NOW)
        assert Suppression.objects.get().address_hash == delivery.address_hash

    def test_a_hard_bounce_without_a_row_of_ours_suppresses_the_address_too(self):
        reader = SubscriberFactory(email="Gone@Example.org")
        events.record(event(recipient="gone@example.org", **HARD), "Test", NOW)
        assert Suppression.objects.get().address_hash == reader.address_hash

    @pytest.mark.parametrize(
        "fields",
        [
            {"mta_response": "450 4.2.1 try later"},
            {"mta_response": "452 mailbox full"},
            {"mta_response": "smtp; 421 too busy"},
            {"mta_response": "550 5.7.26 not authenticated"},
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
        events.record(event(sent(), **{**HARD, **fields}), "Test", NOW)
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
        events.record(event(sent(), **{**HARD, **fields}), "Test", NOW)
        assert Suppression.objects.exists()

    def test_a_complaint_suppresses_and_unsubscribes(self):
        delivery = sent()
        events.record(event(delivery, event_type="complained"), "Test", NOW)
        assert Suppression.objects.get().reason == "complaint"
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.UNSUBSCRIBED

    def test_unsubscribing_at_the_provider_unsubscribes_here(self):
        delivery = sent()
        events.record(event(delivery, event_type="unsubscribed"), "Test", NOW)
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.UNSUBSCRIBED
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("fields", [HARD, {"event_type": "complained"}, {"event_type": "unsubscribed"}])
    def test_what_happened_before_the_reader_confirmed_again_is_history(self, fields):
        delivery = sent(subscriber=SubscriberFactory(confirmed_at=NOW))
        events.record(event(delivery, **{**fields, "timestamp": NOW - timedelta(days=2)}), "Test", NOW)
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.status == SubscriberStatus.ACTIVE
        assert not Suppression.objects.exists()
        assert ProviderEvent.objects.count() == 1


# Requests that providers really made, through Anymail's own views

SECRETS = {
    "WEBHOOK_SECRET": "username:password",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "TEST_WEBHOOK_SIGNING_KEY",
    "MAILERSEND_SIGNING_SECRET": "TEST_SIGNING_SECRET",
    "MANDRILL_WEBHOOK_KEY": "TEST_WEBHOOK_KEY",
    "MANDRILL_API_KEY": "TEST",
    "UNISENDER_GO_API_KEY": "TEST_API_KEY",
    "MAILTRAP_API_TOKEN": "TEST",
    "RESEND_API_KEY": "TEST",
    "POSTMARK_SERVER_TOKEN": "TEST",
    "SENDGRID_API_KEY": "TEST",
    "MAILERSEND_API_TOKEN": "TEST",
    "POSTAL_WEBHOOK_KEY": "TEST",
}


# Its signatures need a library of the provider's that is not installed; its password is checked all the same.
WITH_A_LIBRARY = ("/resend/",)


def recorded(shared_data) -> list[dict]:
    lines = (shared_data / "webhooks" / "requests.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def replay(client, request: dict):
    path = "/anymail/" + request["path"].split("/anymail/", 1)[1]
    headers = {name: value for name, value in request["headers"].items() if name.lower() != "content-length"}
    body = base64.b64decode(request["body_b64"])
    return client.generic(request["method"], path, body, content_type=request["content_type"], headers=headers)


def is_tracking(request: dict) -> bool:
    return any(each["kind"] == "AnymailTrackingEvent" for each in request["events"])


@pytest.mark.shared_data
@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")
class TestRecordedRequests:
    @pytest.fixture(autouse=True)
    def _secrets(self, settings):
        settings.ANYMAIL = SECRETS
        settings.ALLOWED_HOSTS = ["*"]

    @pytest.fixture
    def lenient(self, client, monkeypatch):
        """A client whose requests pass signature checks: the recorded keys and clocks are gone, the events are not."""
        from anymail.webhooks.base import AnymailCoreWebhookView

        monkeypatch.setattr(AnymailCoreWebhookView, "run_validators", lambda view, request: None)
        return client

    def test_what_anymail_understands_is_stored_once(self, lenient, shared_data):
        requests = [each for each in recorded(shared_data) if each["status"] == 200 and is_tracking(each)]
        assert self.replay_all(lenient, requests) > 60
        stored = list(ProviderEvent.objects.order_by("pk").values_list("pk", "key"))
        suppressed = set(Suppression.objects.values_list("address_hash", flat=True))
        assert len(stored) > 30
        assert suppressed
        self.replay_all(lenient, requests)
        assert list(ProviderEvent.objects.order_by("pk").values_list("pk", "key")) == stored
        assert set(Suppression.objects.values_list("address_hash", flat=True)) == suppressed

    def replay_all(self, client, requests) -> int:
        """Every one must be answered with 200, but those of providers whose client library is not installed."""
        answered = 0
        for request in requests:
            status = replay(client, request).status_code
            if status == 404:
                assert any(name in request["path"] for name in WITH_A_LIBRARY), request["path"]
                continue
            assert status == 200, request["test"]
            answered += 1
        return answered

    def test_forged_requests_leave_no_trace(self, client, shared_data, settings):
        settings.ANYMAIL = {**SECRETS, "RESEND_SIGNING_SECRET": "whsec_TEST"}
        forged = [
            each
            for each in recorded(shared_data)
            # Recorded where no password was set; with one it is genuine, and has SES's topic confirmed.
            if each["status"] in (400, 401) and "inbound" not in each["path"] and "auth_disabled" not in each["test"]
        ]
        refused = 0
        for request in forged:
            assert replay(client, request).status_code in (400, 401, 404), request["test"]
            refused += 1
        assert refused > 30
        assert not ProviderEvent.objects.exists()
        assert not Suppression.objects.exists()

    def test_without_its_password_a_webhook_is_closed(self, client, shared_data):
        for request in recorded(shared_data):
            if "/postmark/tracking/" in request["path"] and request["status"] == 200:
                request["headers"] = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
                assert replay(client, request).status_code == 400
        assert not ProviderEvent.objects.exists()


class TestChecks:
    def test_a_provider_without_a_webhook_secret_is_an_error(self, settings):
        settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
        (error,) = delivery_checks.webhooks(None)
        assert (error.id, error.level) == ("digest.E002", checks.ERROR)
        settings.ANYMAIL = {"WEBHOOK_SECRET": "user:password"}
        assert list(delivery_checks.webhooks(None)) == []

    def test_mail_that_stays_here_needs_none(self, settings):
        for backend in ("digest.delivery.outbox.EmailBackend", "anymail.backends.test.EmailBackend"):
            settings.EMAIL_BACKEND, settings.ANYMAIL = backend, {}
            assert list(delivery_checks.webhooks(None)) == []

    def test_an_unknown_transport_is_named(self, settings):
        settings.DELIVERY_TRANSPORT = "pigeon"
        (error,) = delivery_checks.transport(None)
        assert "pigeon" in error.msg
