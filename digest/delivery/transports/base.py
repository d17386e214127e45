"""The contract between the pump and whatever carries messages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
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


class Transport(Protocol):
    """Carries complete messages, each for one recipient.

    `send` draws (key, message) pairs and yields a (key, result) pair for each, in any order. Drawing means that the
    message may leave: its key is in the wire journal from then on. So a transport draws as late as it can, when a
    connection has room for the message. What was drawn and has no result when `send` ends, raises or is closed is in
    doubt; what was not drawn never left. Faults of the network, the server or a message are results, not exceptions;
    drawing itself may raise (a full disk), which ends the run.

    `send` may be called again: connections stay open until `close`. While it waits for answers it calls `idle` at least
    every IDLE_SECONDS, so that outcomes are recorded although one connection is stuck.
    """

    idle: Callable[[], None]

    def send(self, messages: Iterator[tuple[int, Message]]) -> Generator[tuple[int, Result], None, None]:
        """Raises TransportUnavailable where no connection can be had, with everything drawn answered."""

    def close(self) -> None:
        """Never raises."""
