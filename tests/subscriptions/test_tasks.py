from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from subscriptions import tasks
from subscriptions.models import Subscriber
from tests.factories import SubscriberFactory, SuppressionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> Subscriber:
    return SubscriberFactory.create(pending=True)


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
    [ConnectionRefusedError(), SMTPServerDisconnected("gone"), SMTPDataError(451, b"later"), AnymailAPIError("busy")],
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
    "error", [SMTPDataError(554, b"no"), SMTPRecipientsRefused({"ada@example.org": (550, b"unknown")})]
)
def test_a_mail_the_server_refuses_for_good_is_not_tried_for_ever(
    asked: Subscriber, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = failing(monkeypatch, error)
    tasks.send_confirmation(asked.pk)
    tasks.send_pending_confirmations()
    assert tried == [asked.email]


def test_a_sweep_stops_when_the_provider_is_unwell(monkeypatch: pytest.MonkeyPatch) -> None:
    SubscriberFactory.create_batch(10, pending=True)
    tried = failing(monkeypatch, ConnectionRefusedError())
    assert tasks.send_pending_confirmations() == 0
    assert len(tried) == tasks.FAILURES_IN_A_ROW
    assert Subscriber.objects.filter(confirmation_sent_at=None).count() == 10


def test_a_reminder_that_fails_breaks_nothing(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    tasks.send_confirmation(SubscriberFactory.create().pk)
    assert "did not leave" in caplog.text
