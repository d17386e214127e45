"""Readers at the desk: in only by double opt-in, changed and stopped through the services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import Mock, patch

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from digest.models import Delivery
from subscriptions import addresses, signups
from subscriptions.models import (
    ConsentRecord,
    SignupRequest,
    SignupState,
    Subscriber,
    SubscriberStatus,
    Suppression,
)
from tests.factories import (
    NOW,
    ConsentRecordFactory,
    DeliveryFactory,
    SignupRequestFactory,
    SubscriberFactory,
    SuppressionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/subscriptions/subscriber/"
SIGN_UPS = "/admin/subscriptions/signuprequest/"
ADD = f"{LIST}add/"
PREFERENCES = {
    "frequency": "weekly",
    "delivery_hour": "6",
    "delivery_weekday": "4",
    "time_zone": "Europe/Berlin",
    "digest_length": "12",
    "abstracts": "full",
    "surprises": "1",
}
NO_ROWS = {"consent_records-TOTAL_FORMS": "0", "consent_records-INITIAL_FORMS": "0"}


@pytest.fixture
def enqueued() -> Iterator[Mock]:
    with patch("subscriptions.tasks.enqueue_signups") as enqueue:
        yield enqueue


def add(client: Client, email: str, **fields: object) -> str:
    form = {"email": email, "consent": "Asked at our stand", **PREFERENCES, **NO_ROWS, **fields}
    reply = client.post(ADD, form, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def act(client: Client, action: str, *subscribers: Subscriber) -> str:
    form = {"action": action, "_selected_action": [subscriber.pk for subscriber in subscribers]}
    return client.post(LIST, form, follow=True).content.decode()


def found(client: Client, typed: str) -> list[str]:
    reply = client.get(LIST, {"q": typed})
    return sorted(subscriber.email for subscriber in reply.context["cl"].queryset)


def test_who_is_added_must_confirm_like_everyone(
    chief: Client, enqueued: Mock, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    topic = TopicFactory(slug="robotics")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        add(chief, "New.Person@Example.org", topics=[str(topic.pk)])
    assert not Subscriber.objects.exists()
    request = SignupRequest.objects.get(address_key="new.person@example.org")
    wanted = signups.wanted(request)
    assert (wanted.frequency, wanted.delivery_hour, wanted.digest_length) == ("weekly", 6, 12)
    assert (wanted.abstracts, wanted.topics, wanted.surprises) == ("full", ("robotics",), 1)
    assert (request.origin, request.text) == ("admin", "Asked at our stand")
    enqueued.assert_called_once_with()
    assert not LogEntry.objects.exists(), "it names nobody who only asked"


def test_who_asked_is_found_and_told_apart_and_can_be_forgotten(chief: Client) -> None:
    now = timezone.now()
    waiting = SignupRequestFactory(email="ada@example.org", asked_at=now)
    SignupRequestFactory(asked_at=now, due=True, attempts=2)
    SignupRequestFactory(asked_at=now, due=True)
    SignupRequestFactory(asked_at=now - timedelta(days=9))
    SignupRequestFactory(asked_at=now, state=SignupState.CONFIRMED)
    page = chief.get(SIGN_UPS).content.decode()
    for words in ("Waiting for confirmation", "Its mail is put off", "Its mail is to leave", "Expired", "Confirmed"):
        assert words in page
    assert list(chief.get(SIGN_UPS, {"q": "ADA@example.org"}).context["cl"].queryset) == [waiting]
    assert chief.get(f"{SIGN_UPS}{waiting.pk}/change/").status_code == 200
    assert chief.post(f"{SIGN_UPS}{waiting.pk}/change/", {"state": "confirmed"}).status_code == 403
    chief.post(f"{SIGN_UPS}{waiting.pk}/delete/", {"post": "yes"})
    assert SignupRequest.objects.count() == 4
    assert "ada" not in str(LogEntry.objects.get())


@pytest.mark.parametrize("typed", ["", "nobody", "a@b@c.org", "x" * 300 + "@example.org", "a\r\nBcc: b@example.org"])
def test_an_invalid_address_is_told_beside_the_field(chief: Client, typed: str) -> None:
    page = add(chief, typed)
    assert "errornote" in page
    assert not SignupRequest.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Base"), ("delivery_hour", "24"), ("digest_length", "0"), ("topics", ["999"]), ("consent", "")],
)
def test_preferences_that_make_no_sense_are_refused(chief: Client, field: str, value: object) -> None:
    assert "errornote" in add(chief, "new@example.org", **{field: value})
    assert not Subscriber.objects.exists()


def test_a_suppressed_address_is_refused_with_the_reason(chief: Client) -> None:
    SuppressionFactory(address="gone@example.org", reason="complaint")
    assert "This address is suppressed (complaint)" in add(chief, "GONE@example.org")
    assert not Subscriber.objects.exists()


def test_an_active_reader_is_not_added_again(chief: Client) -> None:
    reader = SubscriberFactory(email="reader@example.org", frequency="daily")
    assert "already an active reader" in add(chief, "READER@example.org")
    reader.refresh_from_db()
    assert reader.frequency == "daily"


def test_changing_preferences_moves_the_next_slot(chief: Client) -> None:
    reader = SubscriberFactory(next_delivery_at=timezone.now() + timedelta(days=1))
    before = reader.next_delivery_at
    chief.post(f"{LIST}{reader.pk}/change/", {**PREFERENCES, **NO_ROWS})
    reader.refresh_from_db()
    assert reader.frequency == "weekly"
    assert reader.time_zone == "Europe/Berlin"
    assert reader.next_delivery_at != before
    assert reader.next_delivery_at.weekday() == 4


def test_status_and_address_are_not_changed_by_hand(chief: Client) -> None:
    reader = SubscriberFactory(unsubscribed=True, email="left@example.org")
    forged = {"status": "active", "email": "other@example.org", "confirmed_at_0": "2026-01-01"}
    chief.post(f"{LIST}{reader.pk}/change/", {**PREFERENCES, **NO_ROWS, **forged})
    reader.refresh_from_db()
    assert (reader.status, reader.email) == ("unsubscribed", "left@example.org")
    assert reader.confirmed_at == NOW - timedelta(days=30)
    assert reader.digest_length == 12


def test_a_reader_is_found_however_the_address_is_typed(chief: Client) -> None:
    SubscriberFactory(email="Ada@Example.org")
    SubscriberFactory(email="grace@example.org")
    assert found(chief, "  ADA@EXAMPLE.ORG ") == ["Ada@Example.org"]
    assert found(chief, "example") == ["Ada@Example.org", "grace@example.org"]
    assert found(chief, "nobody@example.org") == []
    assert found(chief, "a@b@c") == []


def test_filters_tell_states_and_suppressed_readers_apart(chief: Client) -> None:
    SubscriberFactory(email="active@example.org")
    SubscriberFactory(email="left@example.org", unsubscribed=True)
    SuppressionFactory(address=SubscriberFactory(email="bounced@example.org").email)

    def listed(**query: str) -> set[str]:
        return {subscriber.email for subscriber in chief.get(LIST, query).context["cl"].queryset}

    assert listed(status__exact="unsubscribed") == {"left@example.org"}
    assert listed(suppressed="yes") == {"bounced@example.org"}
    assert listed(suppressed="no") == {"active@example.org", "left@example.org"}


def test_unsubscribing_from_the_desk_is_recorded(chief: Client) -> None:
    first, second = SubscriberFactory(), SubscriberFactory(unsubscribed=True)
    assert "1 unsubscribed" in act(chief, "unsubscribe", first, second)
    first.refresh_from_db()
    assert (first.status, first.next_delivery_at) == (SubscriberStatus.UNSUBSCRIBED, None)
    assert ConsentRecord.objects.get().origin == "admin"


def test_of_a_deleted_reader_only_the_counts_stay(chief: Client) -> None:
    reader = SubscriberFactory()
    delivery, record = DeliveryFactory(subscriber=reader), ConsentRecordFactory(subscriber=reader)
    chief.post(f"{LIST}{reader.pk}/delete/", {"post": "yes"})
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    kept = Delivery.objects.get(pk=delivery.pk)
    assert (kept.subscriber, kept.address_hash) == (None, "")
    assert not ConsentRecord.objects.filter(pk=record.pk).exists()


def test_consent_is_only_ever_read(chief: Client) -> None:
    record = ConsentRecordFactory()
    url = f"/admin/subscriptions/consentrecord/{record.pk}/"
    assert chief.get(f"{url}change/").status_code == 200
    assert chief.post(f"{url}change/", {"text": "forged"}).status_code == 403
    assert chief.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert chief.get("/admin/subscriptions/consentrecord/add/").status_code == 403
    record.refresh_from_db()
    assert record.text == "Send me papers by mail."


def test_the_consent_of_who_is_gone_is_found_by_address(chief: Client) -> None:
    record = ConsentRecordFactory(subscriber=SubscriberFactory(email="gone@example.org"))
    ConsentRecordFactory()
    Subscriber.objects.filter(email="gone@example.org").delete()
    reply = chief.get("/admin/subscriptions/consentrecord/", {"q": "GONE@example.org"})
    assert [row.pk for row in reply.context["cl"].queryset] == [record.pk]


def test_a_suppression_keeps_only_the_hash_of_what_was_typed(chief: Client) -> None:
    chief.post("/admin/subscriptions/suppression/add/", {"address": "Leave.Me@Example.org", "detail": "by phone"})
    row = Suppression.objects.get()
    assert row.address_hash == addresses.address_hash("leave.me@example.org")
    assert (row.reason, row.detail) == ("manual", "by phone")
    for page in (f"{row.pk}/change/", "", "?q=Leave.Me@example.org"):
        reply = chief.get(f"/admin/subscriptions/suppression/{page}")
        assert reply.status_code == 200
    assert list(reply.context["cl"].queryset) == [row]
    assert not chief.get("/admin/subscriptions/suppression/?q=other@example.org").context["cl"].queryset.exists()


@pytest.mark.parametrize("typed", ["", "nobody", "a\r\n@example.org"])
def test_an_address_that_is_none_is_not_suppressed(chief: Client, typed: str) -> None:
    reply = chief.post("/admin/subscriptions/suppression/add/", {"address": typed})
    assert reply.status_code == 200
    assert not Suppression.objects.exists()


def test_a_hard_bounce_can_be_made_final_but_nothing_is_suppressed_twice(chief: Client) -> None:
    SuppressionFactory(address="a@example.org", reason="hard_bounce")
    for _ in range(2):
        reply = chief.post("/admin/subscriptions/suppression/add/", {"address": "a@example.org"})
    assert Suppression.objects.get().reason == "manual"
    assert "suppressed already" in reply.content.decode()


def test_deleting_a_suppression_lifts_it(chief: Client) -> None:
    reader = SubscriberFactory()
    row = SuppressionFactory(address=reader.email, reason="complaint")
    assert not Subscriber.objects.mailable().exists()
    chief.post(f"/admin/subscriptions/suppression/{row.pk}/delete/", {"post": "yes"})
    assert list(Subscriber.objects.mailable()) == [reader]
