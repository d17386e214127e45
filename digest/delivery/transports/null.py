"""A way out that leads nowhere: takes every message whole, and says that it was accepted. For measuring."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from digest.delivery.outcomes import Outcome, Result
from digest.delivery.transports.base import Message, do_nothing, let_leave

_TAKEN = Result(Outcome.ACCEPTED)


class NullTransport:
    """Assembles what it is given, as any transport would, and drops it. Not to be had by a setting."""

    def __init__(self) -> None:
        self.idle: Callable[[], None] = do_nothing
        self.may_leave: Callable[[Sequence[int]], bool] = let_leave
        self.taken = 0
        self.bytes = 0

    def send(self, messages: Iterator[tuple[int, Message]]) -> Generator[tuple[int, Result], None, None]:
        for key, message in messages:
            if not self.may_leave((key,)):
                return
            self.bytes += len(message.as_bytes())
            self.taken += 1
            yield key, _TAKEN

    def close(self) -> None:
        """Nothing was opened."""
