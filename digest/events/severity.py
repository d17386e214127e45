"""Takes the words of a bounce; gives what they say of the address: hard, soft, or nothing.

Anymail calls soft bounces "bounced" too, so the provider's own words decide, then the SMTP status code (RFC 3463).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from digest.delivery.reasons import STATUS_CODE
from digest.models import Bounce

REPLY_CODE = re.compile(r"^(?:smtp; ?)?([245])\d\d\b")
SOFT = re.compile(r"soft.?bounc|^transient|^undetermined|^temporary", re.IGNORECASE)
BLOCKED = re.compile(
    r"\b(?:spam|spamhaus|blocked|(?:black|block|deny)[ -]?list(?:ed)?|rbl|dnsbl|reputation|dmarc|dkim|spf)\b",
    re.IGNORECASE,
)
ABOUT_THE_ADDRESS = (RejectReason.BOUNCED, RejectReason.INVALID, None)
ABOUT_US = (RejectReason.BLOCKED, RejectReason.SPAM, RejectReason.UNSUBSCRIBED)
# Policy (x.7.x), content (x.6.x), our own address (5.1.7, 5.1.8), a message that is too long (5.2.3, 5.3.4).
OURS_SUBJECTS = {"6", "7"}
OURS_CODES = {("1", "7"), ("1", "8"), ("2", "3"), ("3", "4")}
SPARKPOST_HARD = {"10", "30"}  # invalid recipient; generic bounce without recipient


def of_event(event: AnymailTrackingEvent) -> str:
    """A `Bounce`, or nothing for what is no bounce, or one that only speaks of us or of the message."""
    words = words_of(event)
    if event.event_type != EventType.BOUNCED or event.reject_reason in ABOUT_US or is_about_us(words):
        return ""
    return Bounce.HARD.value if _is_hard(event, words) else Bounce.SOFT.value


def of_status(status: str, words: str) -> str:
    """The same for a delivery status notification that reports a failure (RFC 3464)."""
    if is_about_us(f"{status} {words}"):
        return ""
    code = STATUS_CODE.search(status) or STATUS_CODE.search(words)
    is_hard = code is not None and code.groups()[:2] == ("5", "1")
    return Bounce.HARD.value if is_hard else Bounce.SOFT.value


def is_about_us(words: str) -> bool:
    """Whether a refusal is a block, a matter of policy or authentication, or one of this message."""
    code = STATUS_CODE.search(words)
    if code and (code.group(2) in OURS_SUBJECTS or code.groups()[1:] in OURS_CODES):
        return True
    return bool(BLOCKED.search(words))


def words_of(event: AnymailTrackingEvent) -> str:
    return " | ".join(str(text) for text in (event.mta_response, event.description) if text)


def _is_hard(event: AnymailTrackingEvent, words: str) -> bool:
    """Whether a bounce says that the mailbox does not exist; full mailboxes and delays do not.

    4.x.x is temporary, 5.2.2 a full mailbox. Without a reason from Anymail only an explicit 5.1.x counts.
    """
    if event.reject_reason not in ABOUT_THE_ADDRESS or _is_soft_class(event.esp_event):
        return False
    if any(SOFT.search(text) for text in (str(event.description or ""), *_raw_words(event.esp_event))):
        return False
    if code := STATUS_CODE.search(words):
        severity, subject, detail = code.groups()
        if severity != "5" or (subject, detail) == ("2", "2"):
            return False
        return event.reject_reason is not None or subject == "1"
    reply = REPLY_CODE.search(words)
    return event.reject_reason is not None and not (reply and reply.group(1) != "5")


def _is_soft_class(raw: object) -> bool:
    """Mailjet says `hard_bounce: false`; SparkPost numbers its bounce classes."""
    if not isinstance(raw, Mapping):
        return False
    bounce_class = raw.get("bounce_class")
    return raw.get("hard_bounce") is False or (bounce_class is not None and str(bounce_class) not in SPARKPOST_HARD)


def _raw_words(raw: object, depth: int = 3) -> Iterator[str]:
    """Short strings of a provider's event: types and classes, not the message's own content."""
    if isinstance(raw, str):
        if len(raw) <= 40:
            yield raw
    elif depth and isinstance(raw, Mapping):
        for value in raw.values():
            yield from _raw_words(value, depth - 1)
