"""The contract between the sending loop and whatever carries messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from django.core.mail import EmailMessage

from digest.delivery.outcomes import Result
from digest.errors import DeliveryError


class TransportUnavailable(DeliveryError):
    """No connection could be made, so nothing was handed over; the text says what the other side answered."""


class Transport(Protocol):
    """Carries complete messages, each for one recipient.

    `send` draws messages from its argument one after the other and yields one result for each, in that order. Drawing
    a message means that it may leave: what was drawn and has no result when the iterator ends, or raises, is in doubt;
    what was not drawn never left. Faults of the network, the server or a message are results, not exceptions.

    A transport with several connections, or one that pipelines, draws ahead of its results; the contract is the same.
    """

    def open(self) -> None:
        """Connect. Raises TransportUnavailable."""

    def send(self, messages: Iterable[EmailMessage]) -> Iterator[Result]: ...

    def close(self) -> None:
        """Never raises."""
