"""Letters to send, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.core.mail import EmailMessage

from digest.delivery.outcomes import Outcome, Result
from digest.delivery.transports.smtp import SmtpTransport

ACCEPTED, REJECTED, DEFERRED, UNKNOWN, RETURNED = (
    Outcome.ACCEPTED,
    Outcome.REJECTED,
    Outcome.DEFERRED,
    Outcome.UNKNOWN,
    Outcome.RETURNED,
)

HEAD = (
    b"From: digest@example.com\r\nTo: reader@example.org\r\nDate: Mon, 01 Jan 2035 07:00:00 +0000\r\n"
    b"Message-ID: <%b@example.com>\r\nX-For: %b\r\n\r\n"
)


@dataclass
class Letter:
    recipient: str
    sender: str = "digest@example.com"
    uid: str = "0123456789abcdef"
    octets: int = 2000

    def as_bytes(self) -> bytes:
        head = HEAD % (self.uid.encode(), ascii(self.recipient).encode())
        return head + b"Papers of the day, and why they were chosen.\r\n" * (self.octets // 46)

    def as_email(self) -> EmailMessage:
        raise AssertionError("SMTP carries octets")


@dataclass
class Pile:
    """An iterator that remembers which keys were drawn."""

    letters: Iterable[Letter]
    drawn: list[int] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, Letter]]:
        for key, letter in enumerate(self.letters):
            self.drawn.append(key)
            yield key, letter


def letters(count: int, **fields: object) -> list[Letter]:
    return [Letter(f"reader{number}@example.org", **fields) for number in range(count)]  # type: ignore[arg-type]


def send(transport: SmtpTransport, pile: Iterable[Letter]) -> dict[int, Result]:
    """Every letter's result by its number; each has exactly one."""
    pile = Pile(pile)
    pairs = list(transport.send(iter(pile)))
    results = dict(pairs)
    assert len(results) == len(pairs), "a message was answered twice"
    assert sorted(results) == sorted(pile.drawn), "a message that was drawn was not answered"
    return results


def outcomes(results: dict[int, Result]) -> list[Outcome]:
    return [results[key].outcome for key in sorted(results)]
