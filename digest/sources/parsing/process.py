"""Our side of a parser: its process starts when it is first asked, is killed at any moment, starts anew when asked."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from collections.abc import Sequence

from digest import stopping
from digest.sources.parsing import limits, wire
from digest.sources.parsing.child import Child
from digest.sources.parsing.wire import Answer, Request

COMMAND = (sys.executable, "-m", "digest.sources.parsing")
# Times the CPU seconds, by the clock: for what stands still instead of working, on however busy a machine.
PATIENCE = 10
OF_ITS_OWN_WILL = 0


class Ended(Exception):
    """The process ended over the oldest request; the message says why, for the source's account."""


class Parser:
    """Answers come in the order of the requests. Not for two threads at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self.command = command
        self.child: Child | None = None
        self.waiting: deque[tuple[Request, bytes]] = deque()
        self.answers = 0  # by this child

    def send(self, request: Request, body: bytes) -> None:
        """Have the body read, after those sent before."""
        if not self.waiting and self.child is not None and self.child.is_over():
            self.end()  # it left while nobody asked
        self.waiting.append((request, body))
        self._child().send(wire.request(request, body))

    def receive(self) -> Answer:
        """The answer to the oldest request. Raises Ended or Interrupted: then the others are to be sent again."""
        request, _ = self.waiting[0]
        try:
            answer = wire.read_answer(self._frame(request))
        except ValueError as error:
            self.end()
            raise Ended(f"the parser's answer cannot be read: {error}") from error
        except BaseException:
            self.end()
            raise
        self.waiting.popleft()
        self.answers += 1
        return answer

    def end(self) -> None:
        """Kill the process and forget what was asked; the next request starts another."""
        child, self.child, self.answers = self.child, None, 0
        self.waiting.clear()
        if child is not None:
            child.end()

    def abandon(self) -> None:
        """In a process forked from ours: the child is our parent's."""
        child, self.child = self.child, None
        if child is not None:
            child.abandon()

    def _child(self) -> Child:
        if self.child is None:
            self.child = Child(self.command)
        return self.child

    def _frame(self, request: Request) -> bytes:
        seconds = PATIENCE * (request.seconds + 1)
        deadline = time.monotonic() + seconds
        while (frame := self._child().frame()) is None:
            stopping.check()
            if time.monotonic() > deadline:
                raise Ended(f"no answer within {seconds:.0f} s")
            if not self._child().exchange():
                self._go_on_without(self._child().hung_up(), request)
        return frame

    def _go_on_without(self, status: int, request: Request) -> None:
        """Where it left after some answers, as it does once it has grown, another goes on with the rest."""
        answers, left = self.answers, list(self.waiting)
        self.child, self.answers = None, 0
        if status != OF_ITS_OWN_WILL or not answers:
            raise Ended(told(status, request))
        for each in left:
            self._child().send(wire.request(*each))


def told(status: int, request: Request) -> str:
    """Why a process with this exit status ended over the request."""
    if status == -limits.OVERTIME:
        return f"reading it took more than {request.seconds:.0f} s of CPU time"
    if status < 0:
        return f"reading it ended the parser ({signal.Signals(-status).name})"
    return f"reading it ended the parser (exit code {status})"
