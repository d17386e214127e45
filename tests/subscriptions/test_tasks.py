from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from requests import Response

from subscriptions import tasks
from subscriptions.models import Subscriber
from tests.factories import SubscriberFactory, SuppressionFactory

pytestmark = pytest.mark.django_db


def refusal(status: int) -> AnymailRequestsAPIError:
    """As a provider's API says no."""
    response = Response()
    response.status_code, response.reason = status, "no"
    return AnymailRequestsAPIError(response=response)


@pytest.fixture
def asked() -> Subscriber:
    return SubscriberFactory.create(pending=True, created_at=timezone.now())


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Every sending fails with this error; gives whom it was tried for."""
    tried: list[str] = []

    def send(message: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        tried.extend(message.to)
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    return tried


def test_a_confirmation_is_sent_once_however_often_its_task_runs(asked: Subscriber) -> None:
    for _ in range(3):
        tasks.send_confirmation(asked.pk)
    assert tasks.send_pending_confirmations() == 0
    assert [message.to for message in mail.outbox] == [[asked.email]]


def test_nobody_is_written_to_for_nobody() -> None:
    tasks.send_confirmation(0)
    tasks.send_confirmation(999_999)
    assert not mail.outbox


def test_a_suppressed_or_departed_reader_gets_no_reminder() -> None:
    suppressed = SubscriberFactory.create()
    SuppressionFactory.create(address_hash=suppressed.address_hash)
    left = SubscriberFactory.create(unsubscribed=True)
    for reader in (suppressed, left):
        tasks.send_confirmation(reader.pk)
    assert not mail.outbox


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        SMTPServerDisconnected("gone"),
        SMTPAuthenticationError(535, b"5.7.8 wrong password"),
        SMTPSenderRefused(550, b"not yours", "digest@example.org"),
        AnymailAPIError("busy"),
        refusal(401),
    ],
)
def test_a_mail_that_did_not_leave_is_sent_by_a_later_sweep(
    asked: Subscriber, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        assert failing(patch, error) is not None
        tasks.send_confirmation(asked.pk)
    asked.refresh_from_db()
    assert asked.confirmation_sent_at is None
    assert tasks.send_pending_confirmations() == 1


@pytest.mark.parametrize(
    "error",
    [
        SMTPDataError(451, b"later"),
        SMTPDataError(550, b"5.7.1 blocked"),
        SMTPRecipientsRefused({"ada@example.org": (450, b"grey")}),
        ValueError("a template of ours"),
    ],
)
def test_a_mail_that_was_put_off_is_tried_again_a_little_later_and_holds_nobody_up(
    asked: Subscriber, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        assert failing(patch, error) is not None
        tasks.send_confirmation(asked.pk)
    other = SubscriberFactory.create(pending=True, created_at=timezone.now())
    assert tasks.send_pending_confirmations() == 1
    cache.clear()  # some minutes pass
    assert tasks.send_pending_confirmations() == 1
    assert [message.to for message in mail.outbox] == [[other.email], [asked.email]]


@pytest.mark.parametrize(
    "error",
    [
        SMTPDataError(554, b"no"),
        SMTPRecipientsRefused({"ada@example.org": (550, b"unknown")}),
        SMTPNotSupportedError("SMTPUTF8 not supported by server"),
        refusal(422),
        AnymailRecipientsRefused("on the provider's list"),
    ],
)
def test_a_mail_the_server_refuses_for_good_is_not_tried_for_ever(
    asked: Subscriber, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = failing(monkeypatch, error)
    tasks.send_confirmation(asked.pk)
    tasks.send_pending_confirmations()
    assert tried == [asked.email]


def test_a_sweep_stops_when_the_provider_is_unwell(monkeypatch: pytest.MonkeyPatch) -> None:
    SubscriberFactory.create_batch(10, pending=True, created_at=timezone.now())
    tried = failing(monkeypatch, ConnectionRefusedError())
    assert tasks.send_pending_confirmations() == 0
    assert len(tried) == tasks.FAILURES_IN_A_ROW
    assert Subscriber.objects.filter(confirmation_sent_at=None).count() == 10


def test_readers_who_are_put_off_do_not_stop_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    SubscriberFactory.create_batch(10, pending=True, created_at=timezone.now())
    tried = failing(monkeypatch, SMTPRecipientsRefused({"ada@example.org": (452, b"4.2.2 full")}))
    assert tasks.send_pending_confirmations() == 0
    assert len(tried) == 10


def test_the_log_has_the_reason_without_the_address(
    asked: Subscriber, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    failing(monkeypatch, SMTPRecipientsRefused({asked.email: (550, b"unknown")}))
    tasks.send_confirmation(asked.pk)
    assert "unknown" in caplog.text
    assert asked.email not in caplog.text


def test_a_reminder_that_fails_breaks_nothing(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    tasks.send_confirmation(SubscriberFactory.create().pk)
    assert "did not leave" in caplog.text
