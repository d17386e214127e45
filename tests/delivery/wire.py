"""A transport that does what a test says, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from digest.delivery.outcomes import Outcome, Result
from digest.delivery.transports import Message, TransportUnavailable
from digest.delivery.transports.base import do_nothing, let_leave

ACCEPTED = Result(Outcome.ACCEPTED)


class ScriptedTransport:
    """Answers each message as `answer` says, by recipient; None leaves it without an answer.

    Keeps what it drew, and of that what left.
    """

    def __init__(self, answer: Callable[[str], Result | None] = lambda recipient: ACCEPTED, ahead: int = 1) -> None:
        self.answer, self.ahead = answer, ahead
        self.idle: Callable[[], None] = do_nothing
        self.may_leave: Callable[[Sequence[int]], bool] = let_leave
        self.drawn: list[str] = []
        self.left: list[str] = []
        self.bytes: list[bytes] = []
        self.closed = 0
        self.unavailable: Result | None = None
        self.on_draw: Callable[[str], None] = lambda recipient: None

    def send(self, messages: Iterator[tuple[int, Message]]) -> Iterator[tuple[int, Result]]:
        if self.unavailable is not None:
            raise TransportUnavailable(self.unavailable)
        waiting: list[tuple[int, str]] = []
        for key, message in messages:
            self.drawn.append(message.recipient)
            self.bytes.append(message.as_bytes())
            self.on_draw(message.recipient)
            if not self.may_leave((key,)):
                break
            self.left.append(message.recipient)
            waiting.append((key, message.recipient))
            if len(waiting) >= self.ahead:
                yield from self._answers(waiting)
        yield from self._answers(waiting)

    def _answers(self, waiting: list[tuple[int, str]]) -> Iterator[tuple[int, Result]]:
        while waiting:
            key, recipient = waiting.pop()  # the last one first: answers come in any order
            if (result := self.answer(recipient)) is not None:
                yield key, result

    def close(self) -> None:
        self.closed += 1
