"""Takes an Access; gives a connection when it is there, made in a thread: what waits for one server holds up nobody."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.smtp.connection import Access, Connection, connect


class Opening:
    """A connection in the making. `wake` is written to when it is done.

    The address may take long to look up, and a server may answer an octet at a time: neither has a timeout of its own,
    so that whoever waits looks at `is_late`, and gives the thread up.
    """

    def __init__(self, access: Access, wake: socket.socket) -> None:
        self._access, self._wake = access, wake
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._outcome: Connection | TransportUnavailable | None = None
        self._deadline = time.monotonic() + 2 * access.timeout
        threading.Thread(target=self._run, name="smtp-opening", daemon=True).start()

    @property
    def is_done(self) -> bool:
        return self._outcome is not None or time.monotonic() > self._deadline

    def result(self) -> Connection:
        """Once done: the connection. Raises TransportUnavailable."""
        outcome = self._outcome or self._give_up()
        if isinstance(outcome, TransportUnavailable):
            raise outcome
        return outcome

    def abandon(self) -> None:
        """Nobody wants the connection any more: it is closed, now or when it comes. Never raises."""
        with self._lock:
            self._is_abandoned = True
            if isinstance(self._outcome, tuple):
                self._outcome.channel.close()

    def _give_up(self) -> TransportUnavailable:
        self.abandon()
        words = f"No connection within {2 * self._access.timeout:g} s"
        return TransportUnavailable(Result(Outcome.RETURNED, words, fault=Fault.PROVIDER))

    def _run(self) -> None:
        outcome = self._connected()
        with self._lock:
            self._outcome = outcome
            if self._is_abandoned and isinstance(outcome, tuple):
                outcome.channel.close()
        with suppress(OSError):
            self._wake.send(b"\0")

    def _connected(self) -> Connection | TransportUnavailable:
        try:
            return connect(self._access)
        except TransportUnavailable as error:
            return error
        except Exception as error:  # a thread has nobody to raise to
            words = f"{type(error).__name__}: {error}"
            return TransportUnavailable(Result(Outcome.RETURNED, words, fault=Fault.OURS))
