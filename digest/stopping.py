"""Takes the news that this worker is to end; tells everything that runs for long, in whichever process of the worker.

The byte lives in memory that a worker shares with the processes it forks: what its parent learns from SIGTERM is seen
by every task at once, and also by a process that is started while the worker is ending.
"""

from __future__ import annotations

import mmap
import time

from digest.errors import Interrupted

_flag = mmap.mmap(-1, 1)


def ask() -> None:
    """From now on whoever can stop should."""
    _flag[0] = 1


def forget() -> None:
    """A new worker in the same process begins afresh; tests do too."""
    _flag[0] = 0


def asked() -> bool:
    return bool(_flag[0])


def check() -> None:
    """Raises Interrupted once someone asked: for work that can simply be done again."""
    if asked():
        raise Interrupted("this worker is to end; another one does it again")


def sleep(seconds: float, step: float = 0.2) -> None:
    """Sleep, but no longer than until someone asks to stop."""
    deadline = time.monotonic() + seconds
    while not asked() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(step, left))
