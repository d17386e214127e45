"""Takes calls; has them made by worker threads, each with a connection of its own that is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.connections import Answer, Connection, Job

logger = logging.getLogger(__name__)

FAREWELL = 5.0  # seconds for threads to end; one that still waits for its provider ends with its own time-out


class Call(NamedTuple):
    jobs: list[Job]
    answers: SimpleQueue[list[Answer]]


class Crew:
    """At most `size` calls at a time. Threads are started as they are needed, and know nothing of the database."""

    def __init__(self, connect: Callable[[], Connection], size: int) -> None:
        self._connect = connect
        self.size = size
        self._busy = 0
        self._lock = Lock()
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._threads: list[Thread] = []

    @property
    def has_room(self) -> bool:
        """Less than `size` where calls of a sending that was given up are still under way."""
        return self._busy < self.size

    def take(self, call: Call) -> None:
        with self._lock:
            self._busy += 1
            if self._busy > len(self._threads):
                self._start()
        self._calls.put(call)

    def close(self) -> None:
        for _ in self._threads:
            self._calls.put(None)
        end = monotonic() + FAREWELL
        for thread in self._threads:
            thread.join(max(end - monotonic(), 0))
        self._threads = []

    def _start(self) -> None:
        thread = Thread(target=self._work, name=f"mail-{len(self._threads) + 1}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        connection: Connection | None = None
        while call := self._calls.get():
            try:
                connection = connection or self._connect()
                answers = connection.carry(call.jobs)
            except Exception as error:
                answers = [(key, _failed(error, is_connected=connection is not None)) for key, _ in call.jobs]
            # Room first: whoever reads the answers may have more to give.
            with self._lock:
                self._busy -= 1
            call.answers.put(answers)
        if connection:
            connection.close()


def _failed(error: Exception, *, is_connected: bool) -> Result:
    if isinstance(error, TransportUnavailable):
        return error.result
    logger.exception("Sending failed by a fault of our own")
    outcome = Outcome.UNKNOWN if is_connected else Outcome.RETURNED
    return Result(outcome, f"{type(error).__name__}: {error}", fault=Fault.OURS)
