"""Takes the messages of one call of `send`; gives them out one by one, and holds what became of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.base import Message, TransportUnavailable, let_leave

Drawn = tuple[int, Message]
ENDED = Result(Outcome.RETURNED, "The sending run ended", fault=Fault.OURS)


class Run:
    """`now` is the monotonic clock, read once a round; `error` is what ends the run when nothing is in flight any more.

    `again` holds messages that an old connection lost before it could carry them: new connections try them once more.
    """

    def __init__(self, messages: Iterator[Drawn], may_leave: Callable[[Sequence[int]], bool] = let_leave) -> None:
        self._messages = messages
        self._may_leave = may_leave
        self._tried: set[int] = set()
        self.again: deque[Drawn] = deque()
        self.results: list[tuple[int, Result]] = []
        self.drawn = 0
        self.fruitless = 0  # connections in a row that were lost before a single message's fate was known
        self.is_exhausted = False
        self.error: Exception | None = None
        self.now = time.monotonic()

    @property
    def has_more(self) -> bool:
        return not self.is_exhausted or bool(self.again)

    def draw(self, *, is_fresh: bool) -> Drawn | None:
        """The next message for a connection, which `is_fresh` if nothing was carried over it yet."""
        if is_fresh and self.again:
            return self.again.popleft()
        if self.is_exhausted:
            return None
        try:
            drawn = next(self._messages, None)
        except Exception as error:  # drawing failed, a full disk perhaps: what is in flight still gets its answers
            self.stop(error, ENDED)
            return None
        if drawn is None:
            self.is_exhausted = True
        else:
            self.drawn += 1
        return drawn

    def may_leave(self, keys: Sequence[int]) -> bool:
        """Whether the contents of these messages may; if not, nothing more is drawn either."""
        try:
            allowed = self._may_leave(keys)
        except Exception as error:
            self.stop(error, ENDED)
            return False
        self.is_exhausted = self.is_exhausted or not allowed
        return allowed

    def settle(self, key: int, result: Result) -> None:
        self.results.append((key, result))

    def take_results(self) -> list[tuple[int, Result]]:
        results, self.results = self.results, []
        return results

    def unsent(self, drawn: Drawn, result: Result, *, may_retry: bool) -> None:
        """`drawn` certainly was not accepted, as its connection was lost too early."""
        if may_retry and self.error is None and drawn[0] not in self._tried:
            self._tried.add(drawn[0])
            self.again.append(drawn)
        else:
            self.settle(drawn[0], result)

    def give_back(self, result: Result) -> None:
        """There is no new connection for what waits for one."""
        while self.again:
            self.settle(self.again.popleft()[0], result)

    def stop(self, error: Exception, result: Result) -> None:
        """Draw nothing more; `error` is raised once what is in flight has been answered."""
        self.is_exhausted = True
        self.error = self.error or error
        self.give_back(result)

    def stop_unavailable(self, result: Result) -> None:
        self.stop(TransportUnavailable(result), result)
