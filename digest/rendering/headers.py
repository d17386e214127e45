"""The headers of a digest: those its readers share, and those of one message, as values and encoded.

Rules: RFC 2369 and 2919 (List-*), 3834 (Auto-Submitted), 8058 (one-click unsubscribe), Google's Feedback-ID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.charset import Charset
from email.header import Header
from email.utils import format_datetime, parseaddr, quote
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.message import BadHeaderError, SafeMIMEText, sanitize_address

from digest.rendering.facts import EditionFacts
from subscriptions import addresses, links

ADDRESS_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the brackets
# Bytes of UTF-8 that make an encoded word of at most 75 characters however they are encoded; the first follows a name.
FIRST_PART, NEXT_PART = 39, 45
ONE_CLICK = "List-Unsubscribe=One-Click"
_UTF8 = Charset("utf-8")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]{1,190}")


def shared(edition: EditionFacts) -> dict[str, str]:
    """What every message of an edition carries, in order."""
    values = {
        "List-ID": list_id(),
        "List-Unsubscribe-Post": ONE_CLICK,
        "List-Help": f"<{links.site_url('/')}>",
        "List-Subscribe": f"<{links.site_url('/')}>",
        "List-Archive": f"<{links.site_url('/editions/')}>",
        "List-Post": "NO",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Feedback-ID": feedback_id(edition),
    }
    if owner := parseaddr(settings.REPLY_TO)[1]:
        values["List-Owner"] = f"<mailto:{owner}>"
    return values


def unsubscribe(url: str, address: str) -> str:
    """One https address (RFC 8058 posts to it) and, where there is one, a mail address on a line of its own."""
    return f"<{url}>,\r\n <mailto:{address}?subject=unsubscribe>" if address else f"<{url}>"


def list_id() -> str:
    """LIST_ID as set, else "Site name <digest.host>": stable for as long as the site keeps its host."""
    if settings.LIST_ID:
        return str(settings.LIST_ID)
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    # An IPv6 address is no dot-atom.
    return f'"{quote(settings.SITE_NAME)}" <digest.{re.sub(r"[^a-z0-9.-]", "-", host)}>'


def feedback_id(edition: EditionFacts) -> str:
    """Campaign, kind, stream and sender, each of its own kind and none of one reader's."""
    sender = re.sub(r"[^a-z0-9]", "", addresses.sender_domain())[-15:]
    return f"{edition.kind[:1]}{edition.date:%Y%m%d}:{edition.kind}:digest:{sender.ljust(5, '0')}"


def message_id(uid: str, domain: str) -> str:
    """The same for every attempt at one delivery, so that a mailbox can tell a repetition."""
    return f"<{uid}@{domain}>"


def encoded(values: Mapping[str, str]) -> bytes:
    """Header lines with CRLF, folded and encoded as Django does. BadHeaderError for a value with a line break."""
    message = SafeMIMEText("", "plain", "utf-8")
    for name in list(message):
        del message[name]
    for name, value in values.items():
        message[name] = value
    return message.as_bytes(linesep="\r\n").removesuffix(b"\r\n")


def subject_line(subject: str) -> bytes:
    """Folded with the field's name in mind: Django's own way leaves the first line of a long subject empty."""
    if "\n" in subject or "\r" in subject:
        raise BadHeaderError("A subject can't contain line breaks")
    if len(subject) <= 69 and subject.isascii():
        return b"Subject: %b\r\n" % subject.encode()
    if subject.isascii():
        folded = Header(subject, "us-ascii", header_name="Subject").encode(linesep="\r\n")
    else:
        folded = "\r\n ".join(_UTF8.header_encode(part) for part in _parts(subject))
    return b"Subject: %b\r\n" % folded.encode("ascii")


def _parts(text: str) -> list[str]:
    """Pieces that each make an encoded word (RFC 2047) on a line of its own; email.header takes milliseconds."""
    parts, start, room = [], 0, FIRST_PART
    for place in range(1, len(text) + 1):
        if len(text[start:place].encode()) > room:
            parts.append(text[start : place - 1])
            start, room = place - 1, NEXT_PART
    return [*parts, text[start:]]


def recipient(email: str) -> bytes:
    """The To line. ValueError or BadHeaderError for what is no single address."""
    if len(email) > ADDRESS_LENGTH:
        raise ValueError(f"Invalid address {email[:40]!r}...: it is longer than {ADDRESS_LENGTH} characters")
    if _PLAIN_ADDRESS.fullmatch(email):
        return b"To: %b\r\n" % email.encode()
    if "\n" in email or "\r" in email:
        raise BadHeaderError("An address can't contain line breaks")
    address = sanitize_address(email, "utf-8")
    if "@" not in address:
        raise ValueError(f"Invalid address {email!r}")
    return b"To: %b\r\n" % address.encode()


@lru_cache(maxsize=8)
def date_line(now: datetime) -> bytes:
    return b"Date: %b\r\n" % date_value(now).encode()


def date_value(now: datetime) -> str:
    return format_datetime(now.astimezone(UTC))
