from datetime import timedelta
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
import requests
import time_machine
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from requests import Response

from subscriptions import tasks
from subscriptions.models import SignupRequest
from tests.factories import SignupRequestFactory

pytestmark = pytest.mark.django_db


def refusal(status: int) -> AnymailRequestsAPIError:
    """As a provider's API says no."""
    response = Response()
    response.status_code, response.reason = status, "no"
    return AnymailRequestsAPIError(response=response)


def silence(cause: Exception) -> AnymailRequestsAPIError:
    """As Anymail tells of a provider's API that gave no answer."""
    error = AnymailRequestsAPIError("Error posting to https://api.example/send:")
    error.__cause__ = cause
    return error


def raising(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


def asked(number: int = 1) -> list[SignupRequest]:
    """People whose confirmation mail is to leave now."""
    now = timezone.now()
    return SignupRequestFactory.create_batch(number, due=True, asked_at=now, next_try_at=now)


def later(**passed: float) -> int:
    """How many mails leave at a tick after that time."""
    with time_machine.travel(timezone.now() + timedelta(**passed), tick=False):
        return tasks.handle_signups()


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Every sending fails with this error; gives whom it was tried for."""
    tried: list[str] = []

    def send(message: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        tried.extend(message.to)
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    return tried


def test_a_confirmation_is_sent_once_however_often_its_task_runs() -> None:
    (request,) = asked()
    assert [tasks.handle_signups() for _ in range(3)] == [1, 0, 0]
    assert [message.to for message in mail.outbox] == [[request.email]]


def test_the_reminder_is_the_second_and_last() -> None:
    asked()
    tasks.handle_signups()
    assert [later(hours=hours) for hours in (24, 29, 31, 80)] == [0, 0, 1, 0]
    assert [message.subject.split(":")[0] for message in mail.outbox][1:] == ["Reminder"]


NOT_LEFT = [
    SMTPAuthenticationError(535, b"5.7.8 wrong password"),
    SMTPSenderRefused(550, b"not yours", "digest@example.org"),
    AnymailAPIError("busy"),
    refusal(401),
]
PUT_OFF = [
    SMTPDataError(451, b"later"),
    SMTPDataError(550, b"5.7.1 blocked"),
    SMTPRecipientsRefused({"ada@example.org": (450, b"grey")}),
    ValueError("a template of ours"),
]
REFUSED = [
    SMTPDataError(554, b"no"),
    SMTPRecipientsRefused({"ada@example.org": (550, b"unknown")}),
    SMTPNotSupportedError("SMTPUTF8 not supported by server"),
    refusal(422),
    AnymailRecipientsRefused("on the provider's list"),
]
HUNG_UP = [
    SMTPServerDisconnected("Connection unexpectedly closed"),
    TimeoutError("timed out"),
    ConnectionResetError("reset by peer"),
    silence(requests.ReadTimeout()),
    silence(requests.ConnectionError("('Connection aborted.', RemoteDisconnected())")),
    refusal(502),
]


@pytest.mark.parametrize("error", [*NOT_LEFT, *PUT_OFF, silence(requests.ConnectTimeout())])
def test_a_mail_that_did_not_leave_is_tried_again_a_little_later_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (first,) = asked()
    with monkeypatch.context() as patch:
        assert failing(patch, error) == []
        assert tasks.handle_signups() == 0
    (other,) = asked()
    assert tasks.handle_signups() == 1
    assert later(seconds=61) == 1
    assert [message.to for message in mail.outbox] == [[other.email], [first.email]]


@pytest.mark.parametrize("error", [ConnectionRefusedError(), SMTPServerDisconnected("no greeting"), TimeoutError()])
def test_a_way_out_that_does_not_open_takes_no_mail_with_it(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    asked()
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", raising(error))
        assert tasks.handle_signups() == 0
    assert later(seconds=61) == 1


@pytest.mark.parametrize("error", REFUSED)
def test_a_mail_the_server_refuses_for_good_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (request,) = asked()
    tried = failing(monkeypatch, error)
    tasks.handle_signups()
    assert [later(days=days) for days in (1, 2, 6)] == [0, 0, 0]
    assert tried == [request.email]


@pytest.mark.parametrize("error", HUNG_UP)
def test_a_mail_that_may_have_left_is_not_repeated_and_the_reminder_makes_up_for_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asked()
    with monkeypatch.context() as patch:
        failing(patch, error)
        tasks.handle_signups()
    assert [later(hours=hours) for hours in (1, 24, 31)] == [0, 0, 1]
    assert mail.outbox[0].subject.startswith("Reminder")


def test_a_run_stops_when_the_provider_is_unwell(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(10)
    monkeypatch.setattr(EmailBackend, "open", raising(ConnectionRefusedError()))
    assert tasks.handle_signups() == 0
    assert SignupRequest.objects.filter(attempts=1).count() == tasks.FAILURES_IN_A_ROW


def test_a_broken_domain_keeps_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(10)
    tried = failing(monkeypatch, SMTPRecipientsRefused({"ada@example.org": (452, b"4.2.2 full")}))
    assert tasks.handle_signups() == 0
    assert len(tried) == 10
    monkeypatch.undo()
    asked(1)
    assert tasks.handle_signups() == 1


def test_the_log_has_the_reason_without_the_address(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    (request,) = asked()
    failing(monkeypatch, SMTPRecipientsRefused({request.email: (550, b"unknown")}))
    tasks.handle_signups()
    assert "unknown" in caplog.text
    assert request.email not in caplog.text


def test_a_flood_enqueues_one_task_until_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr(tasks.handle_signups, "apply_async", lambda **options: enqueued.append(options))
    for _ in range(5):
        tasks.enqueue_signups()
    assert enqueued == [{"expires": tasks.EXPIRES}]
    tasks.handle_signups()
    tasks.enqueue_signups()
    assert len(enqueued) == 2


def test_a_task_whose_time_is_up_has_another_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr(tasks.handle_signups, "apply_async", lambda **options: enqueued.append(options))
    monkeypatch.setattr(tasks, "SECONDS", 0)
    asked(3)
    assert tasks.handle_signups() == 1
    assert len(enqueued) == 1
