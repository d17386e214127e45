"""Takes the connections a run would like; gives it those that SENDING_CONNECTIONS leaves, for as long as it asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from digest.delivery import throttling

# What is granted lasts a minute, so that a killed worker's share is free again soon.
RENEW_SECONDS = 20.0


class Share:
    """One run's part of the connections that all workers may have together."""

    def __init__(self, run: UUID, clock: Callable[[], datetime]) -> None:
        self.run, self.clock = run, clock
        self.granted = 0
        self._asked_at = time.monotonic()

    def take(self, wanted: int) -> int:
        """How many connections may be opened; 0 while others have them all."""
        self.granted = throttling.connections(wanted, self.run, self.clock())
        return self.granted

    def keep(self) -> None:
        """Ask again before the minute is over."""
        if time.monotonic() - self._asked_at >= RENEW_SECONDS:
            self._asked_at = time.monotonic()
            throttling.connections(self.granted, self.run, self.clock())

    def give_back(self) -> None:
        throttling.connections(0, self.run, self.clock())
