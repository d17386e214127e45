"""A published edition with papers and readers, and SMTP servers that behave and misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.models import Edition, EditionKind, Source
from subscriptions.models import Subscriber
from tests.factories import NOW, EditionFactory, EditionPaperFactory, SubscriberFactory
from tests.services import MailServer


class Mailbox:
    """Keeps what it accepts; answers as `replies` say, by recipient, or for all under "*" (an aiosmtpd handler)."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.rcpt_replies: dict[str, str] = {}
        self.data_replies: dict[str, str] = {}
        self.hang_up_after: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.rcpt_replies.get(address) or self.rcpt_replies.get("*")
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        reply = self.data_replies.get(address) or self.data_replies.get("*")
        if reply:
            return reply
        assert isinstance(envelope.content, bytes)
        self.received.append((address, envelope.content))
        if address in self.hang_up_after:
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [address for address, _ in self.received]


@contextmanager
def smtp_server(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    """The port of an SMTP server on loopback that hands everything to the mailbox; it does not pipeline."""
    with MailServer(mailbox, decode_data=False, **options) as server:
        yield server.port


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """What arrives over real SMTP: the settings' mail backend talks to it."""
    box = Mailbox()
    with smtp_server(box) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.DELIVERY_TRANSPORT = "smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
        yield box


def issue(papers: int = 8, **fields) -> Edition:
    """A published daily edition in whose pool every paper trends enough for anyone."""
    edition = EditionFactory(**{"kind": EditionKind.DAILY, "date": NOW.date(), "published": True, **fields})
    EditionPaperFactory.create_batch(papers, edition=edition, trend=0.9)
    return edition


def readers(count: int) -> list[Subscriber]:
    return SubscriberFactory.create_batch(count, next_delivery_at=NOW, digest_length=3)


@pytest.fixture
def operators_alone(db: None, settings: Any) -> None:
    """Somebody to be told of trouble, and no source that could be in any."""
    settings.ALERT_ADDRESSES = ["ada@example.org"]
    settings.SITE_URL = "https://papers.example.org"
    Source.objects.all().delete()
