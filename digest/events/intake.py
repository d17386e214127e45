"""Takes what Anymail's webhook views say by signal; gives all that came with one request, to be stored at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailInboundEvent, AnymailTrackingEvent
from django.conf import settings
from django.utils import timezone

from digest.events import mail, reports
from digest.events.reports import Report
from digest.events.storing import store

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Intake:
    """Reports, and mails that people or servers sent to one of our addresses."""

    reports: list[Report] = field(default_factory=list)
    mails: list[AnymailInboundMessage] = field(default_factory=list)

    def keep(self, now: datetime) -> bool:
        """Store everything, in one statement unless mails came; whether there was anything."""
        if self.reports:
            store(self.reports, now)
        for message in self.mails:
            mail.take(message, _recipients(message), now)
        return bool(self.reports or self.mails)


_current: ContextVar[Intake | None] = ContextVar("intake", default=None)


@contextmanager
def collected() -> Iterator[Intake]:
    """Whatever is signalled inside is only gathered."""
    intake = Intake()
    token = _current.set(intake)
    try:
        yield intake
    finally:
        _current.reset(token)


def take_report(sender: type, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Anymail's tracking signal. What cannot be understood is logged, so that the rest of its batch still counts."""
    now = timezone.now()
    try:
        report = reports.of_event(event, esp_name, now)
    except Exception:
        logger.exception("An event from %s could not be understood", esp_name)
        return
    _keep(Intake(reports=[report]), now)


def take_mail(sender: type, event: AnymailInboundEvent, esp_name: str, **_: Any) -> None:
    """Anymail's inbound signal: only heard where an address of ours is meant to receive mail."""
    if event.message is not None and receives_mail():
        _keep(Intake(mails=[event.message]), timezone.now())


def receives_mail() -> bool:
    return bool(settings.BOUNCE_ADDRESS or settings.UNSUBSCRIBE_ADDRESS)


def _keep(new: Intake, now: datetime) -> None:
    """Gather it, or outside of a request of ours store it at once."""
    intake = _current.get()
    if intake is None:
        new.keep(now)
    else:
        intake.reports += new.reports
        intake.mails += new.mails


def _recipients(message: AnymailInboundMessage) -> list[str]:
    return [message.envelope_recipient] if message.envelope_recipient else []
