"""A moment by which a fetch is over, whatever is waited for: a name, a connection, bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpcore

from digest import stopping

STEP = 0.5  # seconds, after which a wait looks whether it still makes sense


@dataclass
class Deadline:
    """On the monotonic clock. Waiting for our turn moves it, as only the server's time is limited."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds. Raises ReadTimeout when there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("the time limit is reached")
        return seconds

    def step(self) -> float:
        """How long to wait before asking again. Raises ReadTimeout, and Interrupted in a worker that is to end."""
        stopping.check()
        return min(self.remaining(), STEP)
