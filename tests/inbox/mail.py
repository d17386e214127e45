"""One message's bytes in, what the gates ask of it out: unfolded fields, parts, texts, the page."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property

from tests.inbox.mailpage import MailPage

URL = re.compile(r"https?://[^\s<>\"]+")
LIST_FIELDS = ("List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Precedence")


class Mail:
    """A message to be judged. `is_digest`: None asks its headers. An empty `postal_address` is not looked for."""

    def __init__(self, raw: bytes, *, is_digest: bool | None = None, postal_address: str = "") -> None:
        self.raw = raw
        self.postal_address = postal_address
        self.parsed: Message = message_from_bytes(raw, policy=policy.compat32)
        self.is_digest = any(map(self.fields, LIST_FIELDS)) if is_digest is None else is_digest
        self.was_received = bool(self.fields("Received") or self.fields("DKIM-Signature"))

    def fields(self, name: str) -> list[str]:
        """Every field of this name, unfolded and still encoded."""
        return [re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip() for value in self.parsed.get_all(name, [])]

    def field(self, name: str) -> str:
        """The first field of this name, else nothing."""
        return next(iter(self.fields(name)), "")

    @cached_property
    def subject(self) -> str:
        try:
            return str(make_header(decode_header(self.field("Subject"))))
        except (HeaderParseError, LookupError, UnicodeDecodeError):
            return "\N{REPLACEMENT CHARACTER}"

    @cached_property
    def parts(self) -> list[Message]:
        return [part for part in self.parsed.walk() if not part.is_multipart()]

    @cached_property
    def text(self) -> str:
        return self._words("text/plain")

    @cached_property
    def html(self) -> str:
        return self._words("text/html")

    @cached_property
    def encoded_html(self) -> str:
        """The HTML part as it travels."""
        return next((str(part.get_payload()) for part in self.parts if part.get_content_type() == "text/html"), "")

    @cached_property
    def page(self) -> MailPage:
        return MailPage(self.html)

    @cached_property
    def shown(self) -> str:
        """What the HTML part says, the preheader included."""
        return "".join(body.text for body in self.page.all("body"))

    @cached_property
    def links(self) -> set[str]:
        """Where the HTML part leads on the web."""
        hrefs = (link.attributes.get("href", "") for link in self.page.all("a"))
        return {href for href in hrefs if href.lower().startswith("http")}

    @cached_property
    def one_click_url(self) -> str:
        """The https address in List-Unsubscribe, else nothing."""
        found = re.search(r"<(https://[^<>\s]+)>", self.field("List-Unsubscribe"))
        return found[1] if found else ""

    def _words(self, kind: str) -> str:
        for part in self.parts:
            if part.get_content_type() == kind:
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                return payload.decode("utf-8", errors="replace").replace("\r\n", "\n")
        return ""


def squeezed(words: str) -> str:
    """Without white space and in small letters: the same words, however they are wrapped."""
    return "".join(words.split()).casefold()
