"""Takes a mail; gives what it reports of messages of ours: bounces (RFC 3464, 6533), complaints (RFC 5965), or nothing.

Reads only what the mail says. Whether to believe it is decided by `digest.events.mail`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import HeaderParser
from typing import NamedTuple

from anymail.signals import EventType

from digest.events import severity
from digest.events.reports import EMAIL
from digest.models import Bounce

PARTS = 40  # of one mail that are looked at
TEXT_LENGTH = 64 * 1024  # of one part that is read
STATUS = ("message/delivery-status", "message/global-delivery-status")
ORIGINAL = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
FEEDBACK = "message/feedback-report"
# RFC 3464, 2.3.3. A relay that tells no more has taken it on.
ACTIONS = {
    "failed": EventType.BOUNCED,
    "delayed": EventType.DEFERRED,
    "delivered": EventType.DELIVERED,
    "relayed": EventType.SENT,
    "expanded": EventType.SENT,
}
# RFC 5965, 7.3, and 6430. The others are about authentication (6591), or take a complaint back.
FEEDBACK_TYPES = {
    "abuse": EventType.COMPLAINED,
    "fraud": EventType.COMPLAINED,
    "opt-out": EventType.UNSUBSCRIBED,
    "opt-out-list": EventType.UNSUBSCRIBED,
}
OUR_MESSAGE_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[\w.-]{1,190}>", re.IGNORECASE)
DAEMON = re.compile(r"\b(?:mailer-daemon|postmaster|mail[ -]?delivery)\b", re.IGNORECASE)
FAILURE = re.compile(
    r"undeliver|failure notice|delivery (?:status|failure|has failed)|returned (?:mail|to sender)|"
    r"(?:delivery|mail|message).{0,20} (?:failed|failure)|non.?delivery",
    re.IGNORECASE,
)
DELAY = re.compile(r"\bdelay|\bwarning\b|still being|will be retried", re.IGNORECASE)


class Notice(NamedTuple):
    """What a mail says of one message to one recipient.

    `uids` are the deliveries it could be about, by the original's Message-ID; `recipients` the addresses it names,
    empty where it was told not to name any.
    """

    kind: str
    uids: tuple[uuid.UUID, ...]
    recipients: tuple[str, ...] = ()
    bounce: str = ""
    words: str = ""


def read(message: Message) -> list[Notice]:
    """Everything a mail reports; empty for what people and their auto-responders write."""
    parts = _parts(message)
    if feedback := next((part for part in parts if part.get_content_type() == FEEDBACK), None):
        return list(_complaints(feedback, _uids(parts)))
    if status := next((part for part in parts if part.get_content_type() in STATUS), None):
        return list(_status_reports(status, _uids(parts)))
    return list(_plain_bounce(message)) if is_from_a_daemon(message) else []


def is_report(message: Message) -> bool:
    return message.get_content_type() == "multipart/report"


def is_automatic(message: Message) -> bool:
    """Whether no person sent it (RFC 3834): an out-of-office note, a reply of a robot, a mailing list."""
    submitted = _text(message, "Auto-Submitted").split(";")[0].strip().lower()
    return submitted not in ("", "no") or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "List-Id"))


def is_from_a_daemon(message: Message) -> bool:
    """An old-style bounce. A note from someone's own address is a person's or their auto-responder's."""
    return bool(DAEMON.search(_text(message, "From")))


# Delivery status notifications


def _status_reports(part: Message, uids: tuple[uuid.UUID, ...]) -> Iterator[Notice]:
    for block in _blocks(part)[:PARTS]:
        if "Final-Recipient" in block or "Original-Recipient" in block:
            yield _status_report(block, uids)


def _status_report(block: Message, uids: tuple[uuid.UUID, ...]) -> Notice:
    status, diagnostic = _text(block, "Status"), _text(block, "Diagnostic-Code")
    words = " ".join(part for part in (status, diagnostic) if part)
    action = _text(block, "Action").split("(")[0].strip().lower()
    kind = ACTIONS.get(action, EventType.UNKNOWN)
    recipients = tuple(_typed_address(block, name) for name in ("Original-Recipient", "Final-Recipient"))
    bounce = severity.of_status(status, diagnostic) if kind == EventType.BOUNCED else ""
    return Notice(kind, uids, tuple(filter(None, recipients)), bounce, words)


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: Python takes them apart for one content type only, and leaves the others as text."""
    inside = part.get_payload()
    blocks: list[Message] = []
    for each in inside if isinstance(inside, list) else [part]:
        if not isinstance(each, Message):
            continue
        if isinstance(inside, list):
            blocks.append(each)
        rest = _body(each)
        blocks += [HeaderParser().parsestr(text) for text in re.split(r"\n[ \t]*\n", rest.strip()) if text]
    return blocks


def _typed_address(block: Message, name: str) -> str:
    """`rfc822; reader@example.org`, or `utf-8; ...` (RFC 6533)."""
    return _text(block, name).rpartition(";")[2].strip().strip("<>")


# Complaints


def _complaints(part: Message, uids: tuple[uuid.UUID, ...]) -> Iterator[Notice]:
    for block in _blocks(part)[:1]:
        kind = FEEDBACK_TYPES.get(_text(block, "Feedback-Type").strip().lower())
        named = [str(value).strip().strip("<>") for value in block.get_all("Original-Rcpt-To", [])[:PARTS]]
        # Some servers hide the address, and leave the word in its place.
        recipients = tuple(address for address in named if "@" in address and "redacted" not in address.lower())
        if kind:
            yield Notice(kind, uids, recipients, "", f"{_text(block, 'Feedback-Type')} {_text(block, 'User-Agent')}")


# Bounces in plain words, as Exim's and qmail's


def _plain_bounce(message: Message) -> Iterator[Notice]:
    """Never more than soft: what such a text says of status codes is free prose."""
    subject = _text(message, "Subject")
    text = "\n".join(_body(part) for part in _parts(message) if part.get_content_maintype() == "text")
    if not FAILURE.search(f"{subject}\n{text[:2000]}"):
        return
    uids = tuple(dict.fromkeys(uuid.UUID(found) for found in OUR_MESSAGE_ID.findall(text)))[:PARTS]
    named = (*_text(message, "X-Failed-Recipients").split(","), *EMAIL.findall(text)[:PARTS])
    recipients = tuple(dict.fromkeys(name.strip() for name in named if "@" in name))
    is_delay = bool(DELAY.search(subject))
    bounce = "" if is_delay or severity.is_about_us(text[:4000]) else Bounce.SOFT.value
    kind = EventType.DEFERRED if is_delay else EventType.BOUNCED
    yield Notice(kind, uids, recipients, bounce, " ".join(f"{subject}: {text}".split())[:300])


# Parts and texts


def _parts(message: Message) -> list[Message]:
    """The first parts, in order; each from its beginning, whatever it claims to hold."""
    found: list[Message] = []
    for part in message.walk():
        if len(found) == PARTS:
            break
        found.append(part)
    return found


def _uids(parts: Sequence[Message]) -> tuple[uuid.UUID, ...]:
    """Of the original message that came along, whole or its headers alone."""
    for part in parts:
        if part.get_content_type() in ORIGINAL and (found := OUR_MESSAGE_ID.search(_original_id(part))):
            return (uuid.UUID(found.group(1)),)
    return ()


def _original_id(part: Message) -> str:
    inside = part.get_payload()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        if "Message-ID" in inside[0]:
            return _text(inside[0], "Message-ID")
        return _text(HeaderParser().parsestr(_body(inside[0])), "Message-ID")
    return _text(HeaderParser().parsestr(_body(part).lstrip()), "Message-ID")


def _body(part: Message) -> str:
    if part.is_multipart():
        return ""
    raw = part.get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw or "")
    return text[:TEXT_LENGTH].replace("\r\n", "\n")


def _text(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, ""))[:2000].split())
