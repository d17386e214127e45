"""The contract between the pump and whatever carries messages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol

from django.core.mail import EmailMessage

from digest.delivery.outcomes import Result
from digest.errors import DeliveryError

IDLE_SECONDS = 0.5


class Message(Protocol):
    """One complete message for one recipient.

    `sender` is the envelope's, a plain address; `recipient` may hold non-ASCII characters. `uid` is the delivery's
    public id, the same for every attempt: Message-ID, metadata and idempotency keys are made of it.
    """

    @property
    def sender(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def uid(self) -> str: ...

    def as_bytes(self) -> bytes:
        """RFC 5322 with CRLF: 7-bit, lines under 998 octets, none beginning with a dot, CRLF at the end."""

    def as_email(self) -> EmailMessage:
        """The same as Django builds it, for backends that take messages apart."""


class TransportUnavailable(DeliveryError):
    """No connection could be made, or nobody was let in: nothing was handed over. `result` says whose fault it is."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


def do_nothing() -> None:
    """What `idle` is until somebody wants to use the time."""


def let_leave(_: Sequence[int]) -> bool:
    """What `may_leave` is until somebody keeps a journal."""
    return True


class Transport(Protocol):
    """Carries complete messages, each for one recipient.

    `send` draws (key, message) pairs and yields a (key, result) pair for each, in any order. Before anything leaves by
    which messages could be accepted it asks `may_leave` for their keys, which are in the wire journal from then on.
    What may leave and has no result when `send` ends, raises or is closed is in doubt; everything else that was drawn
    without a result never left. Results are yielded before more may leave. Once `may_leave` says no or raises (a full
    disk), or drawing raises, nothing more leaves, and `send` ends when all that left is answered. Faults of the
    network, the server or a message are results, not exceptions.

    `send` may be called again: connections stay open until `close`. While it waits for answers it calls `idle` at least
    every IDLE_SECONDS, so that outcomes are recorded although one connection is stuck.
    """

    idle: Callable[[], None]
    may_leave: Callable[[Sequence[int]], bool]

    def send(self, messages: Iterator[tuple[int, Message]]) -> Generator[tuple[int, Result], None, None]:
        """Raises TransportUnavailable where no connection can be had, with everything drawn answered."""

    def close(self) -> None:
        """Never raises."""
