"""One mail backend, opened once and kept: messages go in, one after another or many in a call, each with its answer."""

from __future__ import annotations

import logging
import smtplib
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import console, dummy, filebased, locmem
from django.core.mail.backends.smtp import EmailBackend as SMTPBackend

from digest.delivery.outbox import EmailBackend as OutboxBackend
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import answers, batches, envelopes, exchange, faults, providers
from digest.delivery.transports.base import Message, TransportUnavailable

logger = logging.getLogger(__name__)

Job = tuple[int, Message]
Answer = tuple[int, Result]

HERE = (
    OutboxBackend,
    console.EmailBackend,
    dummy.EmailBackend,
    filebased.EmailBackend,
    locmem.EmailBackend,
)


class Connection:
    """Used by one thread at a time. Whatever goes wrong is a result."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.provider = providers.of(backend)
        self.exchange = exchange.Exchange()
        self._was_used = False

    @property
    def stays_in_this_thread(self) -> bool:
        """Files, memory, or a backend nobody knows, which may use the database."""
        return not (self.is_http or self.is_smtp)

    @property
    def is_http(self) -> bool:
        return exchange.is_watchable(self.backend)

    @property
    def is_smtp(self) -> bool:
        return type(self.backend) is SMTPBackend  # one derived from it may do anything

    def open(self) -> None:
        """Raises TransportUnavailable."""
        self.exchange.begin()
        try:
            exchange.prepare(self.backend)
            if self.backend.open():
                exchange.watch(self.backend, self.exchange)
        except Exception as error:
            self.close()  # it may have come as far as the login
            raise TransportUnavailable(faults.result_of(error, self.exchange)) from error

    def close(self) -> None:
        try:
            self.backend.close()
        except Exception:
            logger.debug("The mail connection did not close in order", exc_info=True)

    def carry(self, jobs: list[Job]) -> list[Answer]:
        if len(jobs) > 1:
            return batches.carry(self, jobs)
        return [(key, self.carry_one(message)) for key, message in jobs]

    def carry_one(self, message: Message) -> Result:
        result = self._attempt(message)
        if self._is_worth_another(result):
            result = self._attempt(message)
        self._was_used = True
        return result

    def _is_worth_another(self, result: Result) -> bool:
        if self.is_smtp:  # a connection may have died while it was idle; some servers have enough of one after a while
            return self._was_used and result.outcome is Outcome.RETURNED and result.fault is Fault.PROVIDER
        return self.would_tell_again(result)

    def would_tell_again(self, result: Result) -> bool:
        """No answer came, but the provider knows the call's key: asked once more, it does not send once more."""
        return self.provider.repeats and result.outcome is Outcome.UNKNOWN and result.fault is Fault.PROVIDER

    def _attempt(self, message: Message) -> Result:
        try:
            self.open()
        except TransportUnavailable as error:
            return error.result
        self.exchange.begin(message.uid if self.provider.repeats else "")
        try:
            email = providers.fitted(message.as_email(), self.provider, message.uid)
            taken = self._hand_over(message, email)
        except Exception as error:
            self._after(error)
            return faults.result_of(error, self.exchange, message.recipient)
        if hasattr(email, "anymail_status"):
            return answers.of_status(email, self.exchange, message.recipient)
        return answers.of_count(taken)

    def _hand_over(self, message: Message, email: EmailMessage) -> int | None:
        if self.is_smtp:
            envelopes.send(self.backend.connection, message, email, self.exchange)
            return 1
        # What is not watched may have left as soon as the backend has it; what stays here has nobody to receive it.
        self.exchange.has_left = not (self.is_http or isinstance(self.backend, HERE))
        taken: int | None = self.backend.send_messages([email])
        return taken

    def _after(self, error: Exception) -> None:
        """A transaction may be open, or the line dead; only after a refused recipient smtplib has put it in order."""
        if self.is_smtp and not isinstance(error, smtplib.SMTPRecipientsRefused):
            self.close()
