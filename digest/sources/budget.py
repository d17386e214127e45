"""Work on a source's bytes in, its result out; a SourceError where it takes far more CPU time than so many bytes need.

Our own patterns are linear; the libraries' parsers are not, and cannot be made so. The timer counts this process's CPU
time, not the clock's, and its signal ends Python code and regular expressions wherever they are, also in a worker that
is to end. Only the main thread can be interrupted so, which is where tasks and commands run; elsewhere the work is done
without a limit.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from digest import stopping
from digest.errors import SourceError
from digest.sources.base import Adapter, ParsedFeed

SECONDS = 20.0
SECONDS_PER_MEGABYTE = 5.0  # real feeds take 0.2 to 1.5; two replies of the largest size stay below a task's time limit
STEP = 0.5  # seconds of CPU time, after which it is looked whether to go on
Value = TypeVar("Value")


class Spent(BaseException):
    """Not an Exception, as parsers take those for mistakes in the feed and go on."""


def parse(adapter: Adapter, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
    """What the adapter makes of the body. Raises SourceError, also for a body that takes too long, and Interrupted."""
    return within(len(body), lambda: adapter.parse(body, content_type=content_type, url=url))


def within(size: int, work: Callable[[], Value]) -> Value:
    """The work's result. Work within work shares the outer one's budget. Raises SourceError or Interrupted."""
    seconds = SECONDS + size / 1_000_000 * SECONDS_PER_MEGABYTE
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_VIRTUAL)[0]:
        return work()
    left = seconds

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal left
        left -= STEP
        if left <= 0 or stopping.asked():
            raise Spent

    try:
        signal.signal(signal.SIGVTALRM, look)  # stays: without a timer nobody sends it
        signal.setitimer(signal.ITIMER_VIRTUAL, min(seconds, STEP), STEP)
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except Spent:
        stopping.check()
        raise SourceError(f"reading it took more than {seconds:.0f} s of CPU time", permanent=True) from None
