"""Takes a delivery's state and the words it was given; gives a sentence an operator understands.

The words are ours, a mail server's or a provider's. What cannot be understood is said to be so, never guessed at: the
raw words stand beneath wherever these sentences are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from digest.delivery.transports.smtp.replies import GREYLISTING
from digest.models import DeliveryState


class Reason(NamedTuple):
    """`key` groups rows that fared alike; it is short, and fit for a URL."""

    key: str
    text: str


OURS: Mapping[str, Reason] = {
    "Unsubscribed": Reason("unsubscribed", "The reader unsubscribed before it could be sent."),
    "Suppressed": Reason("suppressed", "The address is suppressed: mail to it bounced, or its owner complained."),
    "The reader was deleted": Reason("deleted", "The reader was deleted before it could be sent."),
    "No papers": Reason(
        "no-papers", "No paper of this edition, nor of the week before, was new to the reader and what they asked for."
    ),
    "A newer edition came first": Reason("newer-edition", "A newer edition took its place before it was sent."),
}
# Beginnings of our own words, for messages that were not sent, or not for certain.
BEGINNINGS = (
    ("No mail can be addressed", Reason("unmailable", "No mail can be written to an address like this one.")),
    ("Could not be composed", Reason("not-composed", "The message could not be made: a fault of our own.")),
    ("The worker ", Reason("worker-gone", "A worker ended before the mail server’s answer could be recorded.")),
)
# And for what was not even tried.
PAUSED = re.compile(r"Mail to (?P<domain>\S+) is paused")
NOT_COMPOSED = re.compile(r"The .+ cannot be composed")
WAITS = (
    ("Waits for its turn: ", Reason("limit", "It waits for its turn: a limit of yours is used up.")),
    ("Waits until the limits ", Reason("uncounted", "It waits: what was sent cannot be counted without Redis.")),
)
GIVEN_UP = re.compile(r"Given up after (?P<hours>\d+) hours: (?P<words>.*)", re.DOTALL)

# RFC 3463, "class.subject.detail"; not part of an IP address. And the reply code of RFC 5321.
STATUS_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-]|$)")
NO_MAILBOX = Reason("no-mailbox", "There is no such mailbox.")
NO_DOMAIN = Reason("no-domain", "The address’s domain takes no mail.")
DISABLED = ("2", "1")  # for the moment, where the class is 4: so Gmail speaks of a mailbox that gets too much
NOT_NOW = Reason("mailbox-not-now", "The mailbox takes no mail just now.")
FULL = Reason("full", "The mailbox is full.")
BLOCKED = Reason("blocked", "The other side blocks our mail: its rules, our reputation, or missing authentication.")
BUSY = Reason("busy", "The mail server was too busy, or asked to be tried later.")
UNREACHABLE = Reason("unreachable", "The reader’s mail server could not be reached.")
TOO_BIG = Reason("too-big", "The message is larger than the mailbox takes.")
BY_STATUS = {
    ("1", "1"): NO_MAILBOX,
    ("1", "10"): NO_DOMAIN,
    ("1", "2"): NO_DOMAIN,
    ("1", "6"): Reason("moved", "The mailbox has moved."),
    ("1", "8"): Reason("sender", "The mail server does not accept our sender’s address."),
    DISABLED: Reason("disabled", "The mailbox is disabled."),
    ("2", "2"): FULL,
    ("2", "3"): TOO_BIG,
    ("3", "4"): TOO_BIG,
    ("4", "7"): Reason("expired", "It waited too long at a mail server on the way."),
}
BY_SUBJECT = {
    "1": Reason("address", "The mail server does not accept the address."),
    "2": Reason("mailbox", "The mailbox took no mail."),
    "3": Reason("system", "The reader’s mail server had trouble of its own."),
    "4": UNREACHABLE,
    "5": Reason("protocol", "The mail servers did not understand each other."),
    "6": Reason("content", "The mail server could not handle the message’s content."),
    "7": BLOCKED,
}
BY_REPLY = {
    "421": BUSY,
    "450": BUSY,
    "451": BUSY,
    "452": Reason("storage", "The mail server had no room for more."),
    "535": Reason("login", "The mail server did not let us in: user name or password."),
    "550": Reason("refused", "The mail server refused the reader’s address."),
    "551": Reason("refused", "The mail server refused the reader’s address."),
    "552": Reason("full-or-big", "The mailbox is full, or the message too large for it."),
    "553": Reason("refused", "The mail server refused the reader’s address."),
    "554": Reason("refused-message", "The mail server refused the message."),
}
BY_WORD = (
    (re.compile(r"user unknown|unknown user|no such (user|mailbox)|does ?n.t exist|not exist", re.I), NO_MAILBOX),
    (re.compile(r"quota|mailbox (is )?full|over limit", re.I), FULL),
    (re.compile(r"spam|block|blacklist|blocklist|reputation|dmarc|dkim|spf", re.I), BLOCKED),
    (re.compile(r"try again|too (busy|many)|throttl|rate", re.I), BUSY),
    (re.compile(r"timed? ?out|refused to connect|connection|unreachable", re.I), UNREACHABLE),
)

WITHOUT_WORDS = {
    DeliveryState.QUEUED: Reason("queued", "It is in the queue, and goes out when its turn comes."),
    DeliveryState.CLAIMED: Reason("claimed", "It is being handed to the mail server."),
    DeliveryState.ACCEPTED: Reason("accepted", "The mail server accepted it; nothing was heard of it since."),
    DeliveryState.DELIVERED: Reason("delivered", "It arrived, the provider reports."),
    DeliveryState.COMPLAINED: Reason("complained", "The reader called it spam. Nothing is sent to them any more."),
    DeliveryState.UNKNOWN: Reason("no-answer", "It was handed over, and no answer came: it may have arrived."),
    DeliveryState.REJECTED: Reason("no-words", "It was refused without a word why."),
    DeliveryState.BOUNCED: Reason("no-words", "It came back without a word why."),
    DeliveryState.SKIPPED: Reason("no-words", "It was skipped; no reason was recorded."),
}
NOT_UNDERSTOOD = {
    DeliveryState.QUEUED: Reason("put-off", "It was put off, and is tried again later."),
    DeliveryState.REJECTED: Reason("other", "It was refused, in words that are not known here."),
    DeliveryState.BOUNCED: Reason("other", "It came back, in words that are not known here."),
    DeliveryState.SKIPPED: Reason("other", "It was skipped, in words that are not known here."),
}
# Whose words do not change what is to be said.
FINAL = (DeliveryState.CLAIMED, DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED)


@lru_cache(maxsize=5_000)
def of_delivery(state: str, detail: str) -> Reason:
    """Why a row is where it is."""
    known = DeliveryState(state)
    if not detail or known in FINAL:
        return WITHOUT_WORDS[known]
    if known is DeliveryState.UNKNOWN:
        reason = _beginning(detail)
        return reason._replace(text=f"{reason.text} It may have arrived.") if reason else WITHOUT_WORDS[known]
    if given_up := GIVEN_UP.fullmatch(detail):
        why = _of_words(given_up["words"]) or NOT_UNDERSTOOD[DeliveryState.REJECTED]
        return Reason(f"given-up-{why.key}", f"Given up after {given_up['hours']} hours. {why.text}")
    if known is DeliveryState.QUEUED and (waits := _waits(detail)):
        return waits
    reason = _of_words(detail) or NOT_UNDERSTOOD[known]
    if known is DeliveryState.QUEUED and reason not in NOT_UNDERSTOOD.values():
        return Reason(f"put-off-{reason.key}", f"{reason.text} It is tried again later.")
    return reason


def _of_words(words: str) -> Reason | None:
    """From the surest sign to the least: our own words, a status code, a reply code, a word."""
    if reason := OURS.get(words) or _beginning(words):
        return reason
    if GREYLISTING.search(words):  # everybody's first message is put off so: no block, whatever the code
        return BUSY
    if status := STATUS_CODE.search(words):
        kind, subject, detail = status.groups()
        if kind == "4" and (subject, detail) == DISABLED:
            return NOT_NOW
        return BY_STATUS.get((subject, detail)) or BY_SUBJECT.get(subject) or _by_word(words)
    if (reply := REPLY.search(words)) and (reason := BY_REPLY.get(reply[1])):
        return _by_word(words) or reason
    return _by_word(words)


def _waits(words: str) -> Reason | None:
    """Nobody was asked to take it yet, or not since: unlike what a server put off, it is not in anybody's hands."""
    if paused := PAUSED.fullmatch(words):
        return Reason(f"paused-{paused['domain']}", f"Mail to {paused['domain']} is paused.")
    if NOT_COMPOSED.match(words):
        return Reason("paused-edition", "This edition is paused: its mail could not be made, a fault of our own.")
    return next((reason for beginning, reason in WAITS if words.startswith(beginning)), None)


def _beginning(words: str) -> Reason | None:
    return next((reason for beginning, reason in BEGINNINGS if words.startswith(beginning)), None)


def _by_word(words: str) -> Reason | None:
    return next((reason for pattern, reason in BY_WORD if pattern.search(words)), None)
