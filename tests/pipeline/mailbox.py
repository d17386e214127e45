"""A real SMTP server on loopback that keeps what it is given, parsed."""

from __future__ import annotations

import email
import re
import time
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services import MailServer


class Mailbox:
    """`with Mailbox() as mailbox:` then `.port`, `.messages`, `.wait_for(...)`."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, EmailMessage]] = []
        self.server = MailServer(self)
        self.port = self.server.port

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message: Any = email.message_from_bytes(envelope.original_content, policy=default)  # type: ignore[arg-type]
        for recipient in envelope.rcpt_tos:
            self.messages.append((recipient, message))
        return "250 accepted"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message in list(self.messages) if recipient == address]

    def digests(self, address: str = "") -> list[EmailMessage]:
        wanted = self.to(address) if address else [message for _, message in list(self.messages)]
        return [message for message in wanted if message["List-Unsubscribe"]]

    def confirmations(self, address: str) -> list[EmailMessage]:
        return [message for message in self.to(address) if not message["List-Unsubscribe"]]

    def wait_for(self, count: int, found: Any, seconds: float = 60) -> None:
        """Until `found()` has at least `count` items; what is missing is named by the assertion."""
        deadline = time.monotonic() + seconds
        while len(found()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(found()) >= count, f"{len(found())} of {count} messages after {seconds} s"

    def __enter__(self) -> Mailbox:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()


def html_of(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content()  # type: ignore[union-attr,no-any-return]


def text_of(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content()  # type: ignore[union-attr,no-any-return]


def links_in(text: str, site: str) -> list[str]:
    """Links to our own site, in order of appearance, each once."""
    return list(dict.fromkeys(re.findall(rf"{re.escape(site)}/[^\s\"'<>)\]]*", text)))


def paper_links(message: EmailMessage) -> list[str]:
    """The papers of a digest, as their titles link to them."""
    return re.findall(r'<h[23][^>]*>\s*<a [^>]*href="([^"]+)"', html_of(message))
