"""Takes octets from a server; gives its replies (RFC 5321 4.2), and what a reply means for the message it concerns.

All that is known of reply codes stands here, for replies that smtplib read as well (`errors`).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from digest.delivery.outcomes import Fault, Outcome, Result

MAX_REPLY = 16 * 1024  # far more than any server says at once; what is longer is no mail server
MAX_WORDS = 500

CLOSING = 421
AUTHENTICATION = frozenset({530, 534, 535, 538})  # RFC 4954
AUTHENTICATION_LATER = 454
OUT_OF_STEP = frozenset({502, 503})  # we and the server disagree about whose turn it is; no message is to blame
STORAGE = 552
NO_MAILBOX = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
SENDER = frozenset({"1.7", "1.8"})
FULL, TOO_BIG = "2.2", "3.4"

_WHOLE_LINES = re.compile(rb"(?:[0-9]{3} [^\r\n]*\r\n)+")
_ROUTINE = re.compile(rb"(2[0-9]{2} [^\r\n]*\r)\n(?:2[0-9]{2} [^\r\n]*\r\n){2}354 [^\r\n]*\r\n")
_ENHANCED = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})(?!\S)")
_QUEUE_ID = re.compile(rb"queued as <?([\w.@-]+)|\bid=([\w.@-]+)|^250 Ok ([\w-]{16,})\r?$", re.IGNORECASE)
GREYLISTING = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_SIZE = re.compile(r"\bsize\b|too (big|large|long)", re.IGNORECASE)
_UNKNOWN_USER = re.compile(
    r"\b(user|recipient|mailbox|account|address)( is)? unknown\b"
    r"|\b(unknown|no such|invalid) (local )?(user|recipient|mailbox|account|address)\b"
    r"|\b(user|recipient|mailbox|account|address)\b.{0,60}\b(does not|doesn't) exist\b"
    r"|\b(user|recipient|mailbox|account|address)( was)? not found\b",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\b(blocked|black-?list(ed)?|block-?list(ed)?|spam|spamhaus|reputation|dmarc|dkim|spf|unsolicited)\b"
    r"|\brelay(ing)? (access )?(denied|not permitted)\b",
    re.IGNORECASE,
)


class Stage(Enum):
    """What the server was answering. OPENING is all that comes before the first message, but for the login."""

    OPENING = "opening"
    LOGIN = "login"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    CONTENT = "content"


class Reply(NamedTuple):
    """`detail` is the enhanced code (RFC 3463) without its class, as in "1.1"; empty where there is none."""

    code: int
    detail: str
    words: str


class Unreadable(Exception):
    """What came is not SMTP."""


class ReplyReader:
    """Cuts a stream into replies. A reply of several lines stays one, its lines apart by LF."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun: list[bytes] = []

    def routine(self, data: bytes) -> bytes:
        """The first of four replies, where all they say is that a content and the envelope behind it were accepted."""
        if self._rest or self._begun or not (found := _ROUTINE.fullmatch(data)):
            return b""
        return found[1]

    def feed(self, data: bytes) -> list[bytes]:
        """The replies that `data` completes. Raises Unreadable."""
        if not self._rest and not self._begun and _WHOLE_LINES.fullmatch(data):
            return data.splitlines()
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_REPLY:
            raise Unreadable("The server's answer has no end")
        return [reply for line in lines if (reply := self._add(line))]

    def _add(self, line: bytes) -> bytes:
        separator = line[3:4]
        if not line[:3].isdigit() or separator not in b" -\r":
            raise Unreadable(f"The server's answer is not SMTP: {_text(line)[:80]!r}")
        self._begun.append(line)
        if separator == b"-":
            self._check_length()
            return b""
        reply = b"\n".join(self._begun)
        self._begun.clear()
        return reply

    def _check_length(self) -> None:
        if sum(map(len, self._begun)) > MAX_REPLY:
            raise Unreadable("The server's answer has no end")


def parse(raw: bytes) -> Reply:
    """The last line's code counts; enhanced codes at the start of each line are taken out of the words."""
    code, detail = 0, ""
    words: list[str] = []
    for line in raw.split(b"\n"):
        code, text = int(line[:3]), _text(line[4:]).strip()
        if found := _ENHANCED.match(text):
            detail, text = detail or found[1], text if not words else text[found.end() :].strip()
        words.append(text)
    return Reply(code, detail, f"{code} {' '.join(filter(None, words))}".strip()[:MAX_WORDS])


@lru_cache(maxsize=8)
def acceptance(raw: bytes) -> Result:
    """The content was taken; the queue's id, where the server tells it, is what its logs and events name it by."""
    found = _QUEUE_ID.search(raw)
    return Result(Outcome.ACCEPTED, provider_message_id=next(filter(None, found.groups())).decode() if found else "")


def judge(stage: Stage, raw: bytes) -> Result:
    """What a 4yz or 5yz reply to `stage` means for the message. Nothing was accepted, whatever the reason."""
    reply = parse(raw)
    outcome, fault = _verdict(stage, reply)
    is_gone = outcome is Outcome.REJECTED and _is_mailbox_gone(stage, reply)
    return Result(outcome, detail=reply.words, fault=fault, is_hard_bounce=is_gone)


def _verdict(stage: Stage, reply: Reply) -> tuple[Outcome, Fault]:
    if stage in (Stage.OPENING, Stage.LOGIN):
        return Outcome.RETURNED, _fault_at_the_door(stage, reply)
    if reply.code in AUTHENTICATION:
        return Outcome.RETURNED, Fault.CREDENTIALS
    if reply.code in OUT_OF_STEP or reply.code in (CLOSING, AUTHENTICATION_LATER):
        return Outcome.RETURNED, Fault.PROVIDER
    if _is_too_big(stage, reply) or reply.detail.startswith("6."):  # 6: media, such as addresses in UTF-8
        return (Outcome.REJECTED if reply.code >= 500 else Outcome.DEFERRED), Fault.MESSAGE
    if stage is Stage.MAIL or reply.detail in SENDER:
        return _verdict_on_sender(reply)
    if _is_policy(reply):
        return Outcome.DEFERRED, Fault.POLICY
    if reply.code < 500 or _is_full(stage, reply):
        return Outcome.DEFERRED, Fault.MESSAGE
    return Outcome.REJECTED, Fault.MESSAGE


def _fault_at_the_door(stage: Stage, reply: Reply) -> Fault:
    if reply.code < 500:
        return Fault.PROVIDER
    if stage is Stage.LOGIN or reply.code in AUTHENTICATION:
        return Fault.CREDENTIALS
    return Fault.POLICY if _is_policy(reply) else Fault.PROVIDER


def _verdict_on_sender(reply: Reply) -> tuple[Outcome, Fault]:
    """All messages have the same sender: the next one would fare no better."""
    is_ours = reply.code >= 500 or _is_policy(reply) or reply.detail in SENDER
    return Outcome.RETURNED, Fault.POLICY if is_ours else Fault.PROVIDER


def _is_policy(reply: Reply) -> bool:
    """By the enhanced code; by words only where there is none, and never where it is just greylisting."""
    if reply.detail.startswith("7."):
        return reply.code >= 500 or not GREYLISTING.search(reply.words)
    return _is_vague(reply) and reply.code in (550, 554) and bool(_POLICY.search(reply.words))


def _is_too_big(stage: Stage, reply: Reply) -> bool:
    if reply.detail == TOO_BIG:
        return True
    if reply.code != STORAGE or not _is_vague(reply):
        return False
    return stage is Stage.MAIL or (stage is not Stage.RCPT and bool(_SIZE.search(reply.words)))


def _is_full(stage: Stage, reply: Reply) -> bool:
    return reply.detail == FULL or (reply.code == STORAGE and _is_vague(reply))


def _is_mailbox_gone(stage: Stage, reply: Reply) -> bool:
    if not _is_vague(reply):
        return reply.detail in NO_MAILBOX
    return stage is Stage.RCPT and reply.code in (550, 551, 553) and bool(_UNKNOWN_USER.search(reply.words))


def _is_vague(reply: Reply) -> bool:
    return reply.detail in ("", "0.0")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace").replace("\x00", "")
