"""A process on two pipes, at whose end another program reads requests and writes answers; never waited for longer than
a step, killed at any moment."""

from __future__ import annotations

import os
import select
import subprocess
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import digest
from digest.sources.parsing import limits, wire

# All it needs of our environment: where Python finds its parts. No settings, no secrets.
INHERITED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
STEP = 0.25  # seconds
LEAVING = 5.0  # seconds that a process which hung up may take to end, on a busy machine
PIPE = 1024 * 1024  # bytes that wait between the two, where the system allows as many
PARTS = 64  # written at once


class Child:
    def __init__(self, command: Sequence[str]) -> None:
        their_requests, self.requests = os.pipe()
        self.answers, their_answers = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=their_requests,
                stdout=their_answers,
                cwd=Path(digest.__file__).parent.parent,
                env={name: os.environ[name] for name in INHERITED if name in os.environ},
            )
        finally:
            os.close(their_requests)
            os.close(their_answers)
        for number in (self.requests, self.answers):
            os.set_blocking(number, False)
            widen(number)
        self.outgoing: deque[memoryview] = deque()
        self.incoming = bytearray()

    def send(self, parts: Sequence[bytes]) -> None:
        """Have these written whenever there is room; at once, where there are many of them."""
        self.outgoing.extend(memoryview(part) for part in parts if part)
        if len(self.outgoing) >= PARTS:
            self._write()

    def exchange(self) -> bool:
        """Write and read what is possible within a step; false when there will be nothing more to read."""
        poll = select.poll()
        poll.register(self.answers, select.POLLIN)
        if self.outgoing:
            poll.register(self.requests, select.POLLOUT)
        ready = {number for number, _ in poll.poll(STEP * 1000)}
        if self.requests in ready:
            self._write()
        if self.answers not in ready:
            return True
        chunk = os.read(self.answers, PIPE)
        self.incoming += chunk
        return bool(chunk)

    def _write(self) -> None:
        try:
            written = os.writev(self.requests, list(islice(self.outgoing, PARTS)))
        except BlockingIOError:
            return  # there is no room
        except BrokenPipeError:
            self.outgoing.clear()  # what it had to say is still to be read
            return
        while self.outgoing and written >= len(self.outgoing[0]):
            written -= len(self.outgoing.popleft())
        if written:
            self.outgoing[0] = self.outgoing[0][written:]

    def frame(self) -> bytes | None:
        """The next whole answer. Raises ValueError for one that is larger than any should be."""
        start = wire.LENGTH.size
        if len(self.incoming) < start:
            return None
        (length,) = wire.LENGTH.unpack_from(self.incoming)
        if length > limits.LARGEST_ANSWER:
            raise ValueError(f"larger than {limits.LARGEST_ANSWER:,} bytes")
        if len(self.incoming) < start + length:
            return None
        frame = bytes(self.incoming[start : start + length])
        del self.incoming[: start + length]
        return frame

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> int:
        """Kill it, unless it has ended by itself; its exit status."""
        self.process.kill()
        self._close()
        return self.process.wait()

    def hung_up(self) -> int:
        """It will say no more: its exit status, once it has one, or is made to."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LEAVING)
        return self.end()

    def abandon(self) -> None:
        """In a process forked from ours: let go of the pipes, which would keep it alive after our parent's end."""
        self._close()
        self.process.returncode = 0  # not ours to wait for

    def _close(self) -> None:
        os.close(self.requests)
        os.close(self.answers)


def widen(number: int) -> None:
    """Let a pipe hold more than the usual 64 KB, on Linux."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, PIPE)
