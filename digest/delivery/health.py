"""Takes the answers of one sending run; gives what they say about the way out, and pauses it when it is at fault.

Everything that is not accepted adds to a row of failures, everything accepted ends it. Some faults speak for everybody
at once (a wrong password, a server that is down); others only when they come in a row.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from digest.delivery import breaker
from digest.delivery.outcomes import Fault, Outcome, Result

logger = logging.getLogger(__name__)

# So many in a row, with nothing accepted in between, mean the way out. One recipient's server may block us; five blocks
# mean us. One message that cannot be made may be odd, three mean the templates. Single recipients are refused and put
# off in bursts, as readers are sent to in the order they signed up. Connections die one by one, a provider all at once.
LIMITS = {Fault.CREDENTIALS: 1, Fault.PROVIDER: 3, Fault.POLICY: 5, Fault.OURS: 3, Fault.MESSAGE: 25}
DESTINATION_LIMIT = 5


class Health:
    """One run's view of its way out. `paused` says why the run must stop, once it must; `destinations` who must wait.

    Refusals are held back until something is accepted: where a whole row of messages is refused and none is taken, the
    messages are not at fault, and are put off instead.
    """

    def __init__(self, scope: str, clock: Callable[[], datetime]) -> None:
        self.scope, self.clock = scope, clock
        self.paused = ""
        self.destinations: dict[str, datetime] = {}
        self.probing = False
        self._awaited: set[str] = set()
        self._streaks: dict[Fault, list[str]] = {fault: [] for fault in LIMITS}
        self._put_off_by: defaultdict[str, int] = defaultdict(int)
        self._held: dict[int, Result] = {}
        self._has_streak = False
        self._checked_at = clock()

    def admits(self) -> int | None:
        """Ask the breaker: how many messages this run may try; None for any number. At 0 `paused` is set."""
        admitted = breaker.admit(self.scope, self.clock())
        self.probing = bool(admitted)
        if admitted == 0:
            self.paused = f"{self.scope} is paused"
        self.destinations, self._awaited = breaker.destinations(self.clock()), breaker.awaited(self.clock())
        return admitted

    def check(self) -> None:
        """See, at most once a second, whether another worker met a fault."""
        now = self.clock()
        if now - self._checked_at < timedelta(seconds=1) or self.probing or self.paused:
            return
        self._checked_at = now
        if breaker.open_until([self.scope], now):
            self.paused = f"{self.scope} is paused"
        self.destinations, self._awaited = breaker.destinations(now), breaker.awaited(now)

    def judge(self, pk: int, result: Result, domain: str) -> dict[int, Result]:
        """Take one answer in; gives the answers that are settled by now, this one or others among them."""
        if result.outcome is Outcome.ACCEPTED:
            return self._accepted(pk, result, domain)
        is_refusal = result.outcome is Outcome.REJECTED
        if is_refusal:
            self._held[pk] = result
        if result.retry_after:
            self.pause(result)
        else:
            self._count(result, domain)
        return {} if is_refusal else {pk: result}

    def pause(self, result: Result) -> None:
        """Stop all workers for what this answer says."""
        if not self.paused:
            # Known here first: where the database cannot be told just now, this run must not go on all the same.
            self.paused = f"{result.fault}: {result.detail}"
            until = breaker.trip(self.scope, result.fault, result.detail, self.clock(), result.retry_after)
            logger.error("%s is paused until %s: %s", self.scope, f"{until:%H:%M:%S %Z}", result.detail)

    def release(self) -> dict[int, Result]:
        """At the end of a run: the refusals held back, as put-offs if the way out turned out to be at fault.

        Or still to be, where it was only tried and took nothing.
        """
        held, self._held = self._held, {}
        is_at_fault = self.paused or self.probing
        return {pk: _put_off(result) for pk, result in held.items()} if is_at_fault else held

    def _accepted(self, pk: int, result: Result, domain: str) -> dict[int, Result]:
        if self._has_streak:
            for streak in self._streaks.values():
                streak.clear()
            self._has_streak = False
        if self._put_off_by.pop(domain, 0) or self.probing or domain in self._awaited:
            self._works_again(domain)
        if not self._held:
            return {pk: result}
        settled, self._held = self._held, {}
        return {**settled, pk: result}

    def _works_again(self, domain: str) -> None:
        self._awaited.discard(domain)
        breaker.close(breaker.destination(domain), self.clock())
        if self.probing and breaker.close(self.scope, self.clock()):
            logger.warning("%s works again", self.scope)
        self.probing = False

    def _count(self, result: Result, domain: str) -> None:
        self._has_streak = True
        streak = self._streaks[result.fault]
        streak.append(domain)
        # What only one domain does is that domain's, unless it refuses for good: dead addresses say nothing of it.
        alone = len(set(streak)) == 1 and result.outcome is Outcome.DEFERRED and result.fault is not Fault.OURS
        limit = LIMITS[result.fault]
        if len(streak) >= (min(limit, breaker.PROBE_MESSAGES) if self.probing else limit) and not alone:
            self.pause(result)
        elif result.outcome is Outcome.DEFERRED and result.fault is not Fault.OURS:
            self._put_off_by[domain] += 1
            if self._put_off_by[domain] >= DESTINATION_LIMIT:
                self._trip_destination(domain, result)

    def _trip_destination(self, domain: str, result: Result) -> None:
        if domain not in self.destinations:
            scope = breaker.destination(domain)
            until = breaker.trip(scope, result.fault, result.detail, self.clock(), result.retry_after)
            self.destinations[domain] = until
            self._put_off_by[domain] = 0
            logger.warning("Mail to %s is paused until %s: %s", domain, f"{until:%H:%M:%S %Z}", result.detail)


def _put_off(result: Result) -> Result:
    return result._replace(outcome=Outcome.DEFERRED, fault=Fault.POLICY, is_hard_bounce=False)
