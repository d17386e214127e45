"""Takes drafts about to be claimed; gives those whose turn it is, and has the others wait: here, or in the queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from digest import stopping
from digest.delivery import ledger, throttling
from digest.delivery.composing import Draft
from digest.delivery.throttling import Wait

# What every message waits for is waited for with the messages in hand, where it is no longer than this.
SHORT = timedelta(seconds=2)
# A run with nothing else to do waits so long for what it has put off.
NEAR = timedelta(seconds=5)
# A run in which nothing may go for so long ends: while it waits nobody reads what the other side answers.
PATIENCE = timedelta(seconds=30)
STEP = 0.1


class Turns:
    """One run's place in line, under limits that it shares with all others. Without limits it lets everything pass.

    `lost_patience` says why the run should end, once it should.
    """

    def __init__(self, clock: Callable[[], datetime], goes_on: Callable[[], bool], idle: Callable[[], None]) -> None:
        self.clock, self.goes_on, self.idle = clock, goes_on, idle
        self.lost_patience = ""
        self._taken_at = self._held_until = clock()
        self._stands_since: datetime | None = None
        self._put_off: set[datetime] = set()

    def take(self, drafts: list[Draft], now: datetime) -> tuple[list[Draft], list[Draft]]:
        """Those that may go now, and those to hold and to ask for again. Whoever has to wait longer is put off."""
        if not drafts or not throttling.is_on():
            return drafts, []
        ready, held, later = [], [], []
        self._taken_at, self._held_until = now, now + SHORT
        for draft, wait in zip(drafts, throttling.take([draft.domain for draft in drafts], now), strict=True):
            if wait is None:
                ready.append(draft)
            elif wait.is_for_all and wait.until - now <= SHORT:
                held.append(draft)
                self._held_until = min(self._held_until, wait.until)
                reason = wait.reason
            else:
                later.append((draft, wait))
        self._give_to_the_queue(later)
        self._watch(reason if len(held) == len(drafts) else "", now)
        return ready, held

    def give_back(self, drafts: Sequence[Draft]) -> None:
        """Some of those whose turn it was last do not leave after all."""
        if drafts and throttling.is_on():
            throttling.give_back([draft.domain for draft in drafts], self._taken_at)

    def wait_for_held(self) -> None:
        self._wait(self._held_until)

    def wait_for_put_off(self) -> bool:
        """Until messages that this run put off come due; False if none do soon."""
        now = self.clock()
        if come_due := {moment for moment in self._put_off if moment <= now}:
            self._put_off -= come_due  # perhaps only since the queue was last looked at
            return True
        following = min(self._put_off, default=None)
        if following is None or following - now > NEAR:
            return False
        self._wait(following)
        return True

    def _wait(self, until: datetime) -> None:
        while self.goes_on() and (left := (until - self.clock()).total_seconds()) > 0:
            stopping.sleep(min(left, STEP), STEP)
            self.idle()

    def _watch(self, held_by: str, now: datetime) -> None:
        """`held_by` says what holds them all."""
        if not held_by:
            self._stands_since = None
        elif self._stands_since is None:
            self._stands_since = now
        elif now - self._stands_since > PATIENCE:
            self.lost_patience = held_by

    def _give_to_the_queue(self, waiting: list[tuple[Draft, Wait]]) -> None:
        """One statement for all who wait until the same moment for the same reason."""
        alike: defaultdict[tuple[datetime, str], list[int]] = defaultdict(list)
        for draft, wait in waiting:
            alike[wait.until, wait.reason].append(draft.row.id)
        for (until, reason), ids in alike.items():
            ledger.put_off(ids, until, reason)
            self._put_off.add(until)
