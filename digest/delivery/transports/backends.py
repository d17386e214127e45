"""Takes messages; carries each through the configured Django mail backend, Anymail's for some provider or any other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.core.mail import get_connection

from digest.delivery.transports import exchange, faults, providers
from digest.delivery.transports.base import IDLE_SECONDS, TransportUnavailable, do_nothing, let_leave
from digest.delivery.transports.connections import Answer, Connection, Job
from digest.delivery.transports.crew import Call, Crew
from digest.delivery.transports.gate import Gate, Pace


class BackendTransport:
    """One complete message object a recipient. A provider's API is asked over several kept connections at a time.

    Messages are drawn in the caller's thread, and only when a connection is free: what is drawn is on the wire.
    """

    def __init__(self, connect: Callable[[], Any] = get_connection, connections: int | None = None) -> None:
        self._connections = connections
        self.idle: Callable[[], None] = do_nothing
        self.may_leave: Callable[[Sequence[int]], bool] = let_leave
        self._connect = connect
        self._ready: list[Connection] = []  # open, and in no thread's hands yet
        self._provider = providers.OTHER
        self._crew: Crew | None = None

    def send(self, messages: Iterator[Job]) -> Generator[Answer, None, None]:
        if self._crew is None:
            first = self._opened()
            if first.stays_in_this_thread:
                yield from self._here(first, messages)
                return
            size = self._connections or settings.PROVIDER_CONNECTIONS if first.is_http else 1
            self._provider, self._crew = first.provider, Crew(self._take_connection, size)
        yield from self._by_crew(self._crew, messages)

    def close(self) -> None:
        if self._crew:
            self._crew.close()
        for connection in self._ready:
            connection.close()
        self._ready, self._crew = [], None

    def _opened(self) -> Connection:
        if not self._ready:
            connection = self._new()
            connection.open()
            self._ready = [connection]
        return self._ready[0]

    def _take_connection(self) -> Connection:
        try:
            return self._ready.pop()
        except IndexError:
            return self._new()

    def _new(self) -> Connection:
        try:
            return Connection(self._connect())
        except Exception as error:
            raise TransportUnavailable(faults.result_of(error, exchange.Exchange())) from error

    def _here(self, connection: Connection, messages: Iterator[Job]) -> Iterator[Answer]:
        gate = Gate()
        while not gate.is_shut and (job := next(messages, None)) and self.may_leave((job[0],)):
            for key, result in connection.carry([job]):
                yield key, gate.passed(result)

    def _by_crew(self, crew: Crew, messages: Iterator[Job]) -> Iterator[Answer]:
        gate = Gate(minds_refusals=self._provider is not providers.OTHER)
        pace = Pace(settings.PROVIDER_CALLS_PER_SECOND or self._provider.calls_per_second)
        drawing = _Drawing(messages, providers.batch_size(self._provider), self.may_leave)
        answers: SimpleQueue[list[Answer]] = SimpleQueue()
        outstanding = 0

        def has_room() -> bool:
            return outstanding < crew.size and crew.has_room

        while True:
            # An answer that nobody has read yet counts: its message would be in doubt if this process were killed.
            while has_room() and not (gate.is_shut or pace.remaining) and (jobs := drawing.draw()):
                crew.take(Call(jobs, answers))
                pace.count()
                outstanding += 1
            is_over = gate.is_shut or drawing.is_over
            if is_over and not outstanding:
                break
            try:
                answered = answers.get(timeout=_patience(pace, is_waiting=has_room() and not is_over))
            except Empty:
                self.idle()
                continue
            outstanding -= 1
            yield from ((key, gate.passed(result)) for key, result in answered)
        drawing.end()


class _Drawing:
    """Draws at most `limit` messages at a time, which may leave. What that raises is kept until all are answered."""

    def __init__(self, messages: Iterator[Job], limit: int, may_leave: Callable[[Sequence[int]], bool]) -> None:
        self.is_over = False
        self._messages = messages
        self._limit = limit
        self._may_leave = may_leave
        self._error: Exception | None = None

    def draw(self) -> list[Job]:
        jobs: list[Job] = []
        if self.is_over:
            return jobs
        try:
            for job in islice(self._messages, self._limit):
                jobs.append(job)
        except Exception as error:
            self._error = error
        self.is_over = len(jobs) < self._limit
        return self._about_to_leave(jobs) if jobs else []

    def _about_to_leave(self, jobs: list[Job]) -> list[Job]:
        try:
            if self._may_leave([key for key, _ in jobs]):
                return jobs
        except Exception as error:
            self._error = error
        self.is_over = True
        return []

    def end(self) -> None:
        if self._error:
            raise self._error


def _patience(pace: Pace, *, is_waiting: bool) -> float:
    return min(pace.remaining or IDLE_SECONDS, IDLE_SECONDS) if is_waiting else IDLE_SECONDS
