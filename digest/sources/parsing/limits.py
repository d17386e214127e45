"""How much CPU time and memory so many bytes may take to read; and, in the parser's process, that they take no more.

The timer counts CPU time, not the clock's, and what it sends ends the process wherever it is, also in a regular
expression or a library written in C. Memory is limited where the system tells how much there is in use (/proc: Linux);
elsewhere, as on macOS, only time is.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from digest.sources.parsing.wire import Request

SECONDS = 10.0
SECONDS_PER_MEGABYTE = 5.0  # real feeds take 0.2 to 1.5; two replies of the largest size stay below a task's time limit
MEMORY = 256 * 1024 * 1024
MEMORY_PER_BYTE = 24  # feedparser keeps 6 to 12 bytes for each of an ordinary feed
MOST_MEMORY = 1024 * 1024 * 1024
LARGEST_ANSWER = 128 * 1024 * 1024
MOST_ENTRIES = 100_000
OVERTIME = signal.SIGPROF  # what the timer sends: nothing else does
SIZES = Path("/proc/self/statm")


def allowed(request: Request, size: int) -> Request:
    """The request with what a body of this size may take."""
    seconds = SECONDS + size / 1_000_000 * SECONDS_PER_MEGABYTE
    return msgspec.structs.replace(request, seconds=seconds, memory=min(MEMORY + MEMORY_PER_BYTE * size, MOST_MEMORY))


def settle() -> int:
    """Give up what a parser never needs: writing files, leaving core dumps, ending before its parent on Ctrl-C.

    Gives the bytes of address space in use so far, 0 where nobody tells.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(name, (0, 0))
    return sizes()[0]


def sizes() -> tuple[int, int]:
    """Address space and memory in use, in bytes."""
    try:
        total, resident = SIZES.read_text().split()[:2]
    except OSError:
        return 0, 0
    return int(total) * resource.getpagesize(), int(resident) * resource.getpagesize()


@contextmanager
def within(request: Request, space: int) -> Iterator[None]:
    """The process ends when the work takes too long; the work raises MemoryError when it needs too much."""
    if space:
        resource.setrlimit(resource.RLIMIT_AS, (space + request.memory, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, request.seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if space:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
