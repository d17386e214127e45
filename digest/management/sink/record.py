"""What a mail server knows of the messages that came, and of those who brought them."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

_PLAIN = b"\r\nMessage-ID: "
_ANY = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Receipt(NamedTuple):
    """One message and recipient; `moment` is when its last octet came, as time.monotonic() has it."""

    recipient: str
    message_id: str
    moment: float


class Record:
    """`accepted` was answered with 250; `unanswered` was taken whole, but its sender was never told.

    `refused` counts final refusals by recipient, but for those that were blocks of everybody; `replies` counts answers
    by their text, but for those that say to go on. `cuts` has an entry for every connection that ended without a
    goodbye: the number of messages that were announced or handed over on it, and not answered. `hung_up` counts the
    connections that we cut on purpose.
    """

    def __init__(self) -> None:
        self.accepted: list[Receipt] = []
        self.unanswered: list[Receipt] = []
        self.refused: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()
        self.cuts: list[int] = []
        self.hung_up = 0
        self.announced_at = 0.0  # when the last message was, as time.monotonic() has it
        self.messages = self.recipients = self.transactions = 0

    @property
    def received(self) -> Counter[str]:
        """How many messages each address got, or may have got."""
        return Counter(receipt.recipient for receipt in [*self.accepted, *self.unanswered])


def message_id(head: bytes) -> str:
    """The value of the Message-ID header in the beginning of a message; empty where there is none."""
    begin = head.find(_PLAIN)
    if begin >= 0:
        begin += len(_PLAIN)
        return head[begin : head.find(b"\r\n", begin)].decode(errors="replace")
    found = _ANY.search(head)
    return found[1].decode(errors="replace") if found else ""
