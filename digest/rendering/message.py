"""Takes a message's encoded pieces; gives its bytes, or the same as Django builds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from digest.rendering import headers, quoted
from digest.rendering.letterhead import Letterhead


class DigestEmail(EmailMultiAlternatives):
    """A digest in Django's own shape. `metadata` and `tags` are Anymail's; the metadata names the delivery only."""

    metadata: dict[str, str]
    tags: list[str]


class DigestMessage:
    """One reader's digest, complete: a transport hands over the bytes, or has Django build the same."""

    __slots__ = ("_letterhead", "_pieces", "_unsubscribe", "date", "recipient", "subject", "uid")

    def __init__(
        self,
        letterhead: Letterhead,
        uid: str,
        recipient: str,
        subject: str,
        unsubscribe: str,
        date: datetime,
        pieces: Sequence[bytes],
    ) -> None:
        self._letterhead = letterhead
        self._unsubscribe = unsubscribe
        self._pieces = pieces
        self.uid = uid
        self.recipient = recipient
        self.subject = subject
        self.date = date

    @property
    def sender(self) -> str:
        """The envelope's; with BOUNCE_ADDRESS set, one of this message's own."""
        return self._letterhead.envelope_from.replace("{uid}", self.uid.replace("-", ""))

    def as_bytes(self) -> bytes:
        """RFC 5322 with CRLF: 7-bit, lines under 998 octets, none beginning with a dot, CRLF at the end."""
        return b"".join(self._pieces)

    def as_email(self) -> DigestEmail:
        """The same message, for backends that take messages apart or change them."""
        text, html = self._bodies()
        email = DigestEmail(
            self.subject,
            text,
            self._letterhead.from_email,
            [self.recipient],
            reply_to=list(self._letterhead.reply_to),
            headers=self._headers(),
        )
        email.attach_alternative(html, "text/html")
        email.metadata = {"delivery": self.uid}
        email.tags = [self._letterhead.kind]
        return email

    def _headers(self) -> dict[str, str]:
        return {
            **self._letterhead.headers,
            "Date": headers.date_value(self.date),
            "Message-ID": headers.message_id(self.uid, self._letterhead.from_domain),
            "List-Unsubscribe": self._unsubscribe.replace("\r\n", ""),
        }

    def _bodies(self) -> tuple[str, str]:
        frame = self._letterhead.frame
        _, _, parts = self.as_bytes().partition(frame.opening)
        text, _, html = parts.partition(frame.between)
        return quoted.decode(text), quoted.decode(html.removesuffix(frame.tail))
