"""A host in; its gate out, to be passed by one request, which all others learn from. The clock is the real one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings

from digest import stopping
from digest.errors import HostError, NoTurn, SourceError
from digest.ingestion.manners import hosts, names, queues
from digest.ingestion.manners.hosts import Turn, Wait

# How long a worker waits for its turn: for a few requests of others. Who has none by then comes back later.
PATIENCE = timedelta(seconds=10)
# How often it asks whether the request before its own has ended.
STEP = timedelta(seconds=0.25)
# A turn lapses so long after its request must have ended: then its worker was killed.
GRACE = timedelta(seconds=30)


@contextmanager
def gate(host: str) -> Iterator[None]:
    """The request is made within; whether it raises HostError is what all others learn of the host.

    Raises NoTurn where the wait would be too long, and Interrupted.
    """
    turn = wait(names.gate_of(host))
    try:
        yield
    except BaseException as error:
        leave(turn, error)
        raise
    leave(turn, None)


def wait(name: str) -> Turn:
    lease = timedelta(seconds=settings.FETCH_TIMEOUT_SECONDS) + GRACE
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while True:
        stopping.check()
        answer = hosts.take(name, lease)
        if isinstance(answer, Turn):
            return answer
        seconds = (min(answer.left, STEP) if answer.is_held else answer.left).total_seconds()
        if time.monotonic() + seconds > deadline:
            raise no_turn(name, answer)
        stopping.sleep(seconds)


def no_turn(name: str, wait: Wait) -> NoTurn:
    if wait.reason and not wait.is_held:
        return NoTurn(f"{name} is paused until {wait.until:%Y-%m-%d %H:%M:%S} UTC: {wait.reason}", until=wait.until)
    return NoTurn(f"others are asking {name}, this waits for its turn", until=None)


def leave(turn: Turn, error: BaseException | None) -> None:
    """Any answer shows that the host works; what ended the request here shows nothing."""
    now, pause = hosts.clock(), names.pause(turn.gate)
    if isinstance(error, HostError):
        hosts.failed(turn, now, pause, error)
    elif error and not isinstance(error, SourceError):
        hosts.give_back(turn, now, pause)
    elif hosts.answered(turn, now, pause):
        queues.hasten(turn.gate, now)
