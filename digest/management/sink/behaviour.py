"""What a mail server may do to those who send, and the words it has for it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

OK, GO_ON = b"250 2.0.0 Ok\r\n", b"354 Go on\r\n"
LATER, NOBODY = b"450 4.2.1 Try again later\r\n", b"550 5.1.1 No such mailbox\r\n"
BUSY, UNWANTED = b"451 4.3.0 Not now\r\n", b"554 5.6.0 This message is not wanted\r\n"
CLOSING, BLOCKED = b"421 4.3.2 Closing\r\n", b"550 5.7.1 Blocked\r\n"
LOG_IN, WRONG, WELCOME = b"530 5.7.0 Log in first\r\n", b"535 5.7.8 Wrong password\r\n", b"235 2.7.0 Welcome\r\n"
WHAT, FIRST = b"502 5.5.2 What?\r\n", b"503 5.5.1 Not in this order\r\n"


@dataclass
class Behaviour:
    """All of it may be changed at any time. Rates are from 0 to 1, and concern whole messages that were handed over.

    `latency` is the time a message takes, in seconds. From the message number `hold_from` on nobody is answered any
    more. Every so many messages `hang_up_before` cuts the connection when DATA comes, `hang_up_after` when the message
    is taken. Every so many recipients `defer_every` puts one off, `refuse_every` says there is no such mailbox.
    `blocks` refuses everyone. With a `password`, nobody sends without it.
    """

    latency: float = 0.0
    hold_from: int | None = None
    defer_every: int = 0
    refuse_every: int = 0
    busy_rate: float = 0.0
    unwanted_rate: float = 0.0
    closing_rate: float = 0.0
    blocks: bool = False
    hang_up_before: int = 0
    hang_up_after: int = 0
    password: str = ""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def of_recipient(self, number: int) -> bytes:
        if self.blocks:
            return BLOCKED
        if is_turn(number, self.refuse_every):
            return NOBODY
        return LATER if is_turn(number, self.defer_every) else OK

    def of_message(self) -> bytes:
        rates = ((BUSY, self.busy_rate), (UNWANTED, self.unwanted_rate), (CLOSING, self.closing_rate))
        if not any(rate for _, rate in rates):
            return OK
        drawn = self.chance.random()
        for reply, rate in rates:
            if drawn < rate:
                return reply
            drawn -= rate
        return OK


def is_turn(number: int, every: int) -> bool:
    return bool(every) and number % every == 0
