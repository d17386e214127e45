"""A digest as Django knows messages, whose MIME form is already there.

Any backend may read or change subject, body, alternatives and headers as usual. One that asks for `message()` gets
the bytes joined from encoded pieces, as long as nobody changed anything; after a change, Django builds the message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Any, NamedTuple

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import EmailAlternative

from digest.rendering import quoted
from digest.rendering.headers import date_value


class Encoded(NamedTuple):
    """A whole message in its pieces: joined, they are what goes over the wire."""

    head: bytes
    text: list[bytes]
    between: bytes
    html: list[bytes]
    tail: bytes

    def joined(self) -> bytes:
        return b"".join([self.head, *self.text, self.between, *self.html, self.tail])

    def decoded_text(self) -> str:
        return quoted.decode(b"".join(self.text))

    def decoded_html(self) -> EmailAlternative:
        return EmailAlternative(quoted.decode(b"".join(self.html)), "text/html")


class EncodedMessage:
    """Stands where Django's backends expect an email.message.Message; parsed only if something else is asked of it."""

    def __init__(self, encoded: Encoded) -> None:
        self._encoded = encoded
        self._parsed: Message | None = None

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        joined = self._encoded.joined()
        return joined if linesep == "\r\n" else joined.replace(b"\r\n", linesep.encode())

    def as_string(self, unixfrom: bool = False, linesep: str = "\n") -> str:
        return self.as_bytes(linesep=linesep).decode("ascii")

    def __getitem__(self, name: str) -> Any:
        return self._message[name]

    def __contains__(self, name: str) -> bool:
        return name in self._message

    def __iter__(self) -> Iterator[str]:
        return iter(self._message)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._message, name)

    @property
    def _message(self) -> Message:
        if self._parsed is None:
            self._parsed = message_from_bytes(self.as_bytes())
        return self._parsed


class DigestMessage(EmailMultiAlternatives):
    """One reader's digest. `metadata` and `tags` are Anymail's; the metadata names the delivery and nothing else.

    Attributes that are costly to build, and that an SMTP backend never asks for, are built when first read.
    """

    def __init__(
        self,
        *,
        encoded: Encoded,
        subject: str,
        from_email: str,
        to: str,
        reply_to: Sequence[str],
        headers: dict[str, str],
        date: datetime,
        delivery: str,
        tags: list[str],
    ) -> None:
        self._encoded = encoded
        self._date = date
        self._body: str | None = None
        self._alternatives: list[EmailAlternative] | None = None
        super().__init__(subject, "", from_email, [to], headers=headers, reply_to=list(reply_to))
        self._body = self._alternatives = None
        self.metadata = {"delivery": delivery}
        self.tags = tags
        self._composed = self._fingerprint()

    @property
    def body(self) -> str:
        if self._body is None:
            self._body = self._encoded.decoded_text()
        return self._body

    @body.setter
    def body(self, value: str) -> None:
        self._body = value

    @property  # type: ignore[override]
    def alternatives(self) -> list[EmailAlternative]:
        if self._alternatives is None:
            self._alternatives = [self._encoded.decoded_html()]
        return self._alternatives

    @alternatives.setter
    def alternatives(self, value: list[EmailAlternative]) -> None:
        self._alternatives = value

    def message(self) -> Any:  # type: ignore[override]
        """The encoded bytes, unless something was changed since they were joined."""
        return self.rebuilt() if self._is_changed() else EncodedMessage(self._encoded)

    def rebuilt(self) -> Any:
        """The same message, made by Django from the attributes."""
        headers = self.extra_headers
        self.extra_headers = {"Date": date_value(self._date), **headers}
        try:
            return super().message()
        finally:
            self.extra_headers = headers

    def _fingerprint(self) -> tuple[Any, ...]:
        return (
            self.subject,
            self.from_email,
            *self.to,
            *self.cc,
            *self.reply_to,
            len(self.attachments),
            len(self.extra_headers),
            *self.extra_headers.values(),
        )

    def _is_changed(self) -> bool:
        if self._fingerprint() != self._composed:
            return True
        if self._body is not None and self._body != self._encoded.decoded_text():
            return True
        return self._alternatives is not None and self._alternatives != [self._encoded.decoded_html()]
