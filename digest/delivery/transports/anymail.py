"""Takes messages; gives each to the configured Django mail backend, Anymail's or any other, and judges what it says."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as SMTPBackend

from digest.delivery.outcomes import Outcome, Result
from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.faults import result_of

logger = logging.getLogger(__name__)

REFUSED = {"invalid", "rejected", "failed"}


class AnymailTransport:
    """One connection, kept open; one message at a time.

    A connection that died while idle is replaced, and the message tried once more, only when its content cannot have
    reached the server.
    """

    def __init__(self, backend: Any = None) -> None:
        self._backend = backend if backend is not None else get_connection()
        self._handed_over = False

    def open(self) -> None:
        try:
            self._backend.open()
        except Exception as error:
            raise TransportUnavailable(result_of(error, handed_over=False).detail) from error
        self._watch()

    def close(self) -> None:
        try:
            self._backend.close()
        except Exception:
            logger.debug("The mail connection did not close in order", exc_info=True)

    def send(self, messages: Iterable[EmailMessage]) -> Iterator[Result]:
        for message in messages:
            yield self._deliver(message)

    def _deliver(self, message: EmailMessage) -> Result:
        result = self._attempt(message)
        if result.outcome is Outcome.REQUEUE and not result.stop and self._is_dead():
            self.close()
            return self._attempt(message)
        return result

    def _attempt(self, message: EmailMessage) -> Result:
        try:
            self.open()
        except TransportUnavailable as error:
            return Result(Outcome.REQUEUE, detail=str(error), stop=True)
        self._handed_over = not isinstance(self._backend, SMTPBackend)
        try:
            taken = self._backend.send_messages([message])
        except Exception as error:
            result = result_of(error, handed_over=self._handed_over)
            if result.outcome is Outcome.UNKNOWN:
                self.close()
            return result
        return _result_of_status(message, taken)

    def _watch(self) -> None:
        """Have smtplib tell when a message's content begins to leave: before that nothing can have been accepted."""
        connection = getattr(self._backend, "connection", None)
        if not isinstance(connection, smtplib.SMTP) or "data" in vars(connection):
            return
        plain_data = connection.data

        def data(content: Any) -> tuple[int, bytes]:
            self._handed_over = True
            return plain_data(content)

        vars(connection)["data"] = data

    def _is_dead(self) -> bool:
        connection = getattr(self._backend, "connection", None)
        return isinstance(connection, smtplib.SMTP) and connection.sock is None


def _result_of_status(message: EmailMessage, taken: int | None) -> Result:
    """What the backend's return value and, where Anymail set it, the message's own status say."""
    status = getattr(message, "anymail_status", None)
    states = set(getattr(status, "status", None) or ())
    provider_id = getattr(status, "message_id", None)
    provider_id = provider_id if isinstance(provider_id, str) else ""
    if states and states <= REFUSED:
        return Result(Outcome.REJECTED, provider_id, f"The provider says: {', '.join(sorted(states))}")
    if "unknown" in states and 400 <= getattr(getattr(status, "esp_response", None), "status_code", 0) < 500:
        return Result(Outcome.REJECTED, provider_id, "The provider refused the message")
    if "unknown" in states:
        return Result(Outcome.UNKNOWN, provider_id, "The provider does not say whether it took the message")
    if taken is None:
        return Result(Outcome.UNKNOWN, provider_id, "The mail backend does not say whether it took the message")
    if taken == 0:
        return Result(Outcome.REJECTED, provider_id, "The mail backend did not send the message")
    return Result(Outcome.ACCEPTED, provider_id)
