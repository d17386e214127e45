"""Takes (key, message) pairs; carries them over several SMTP connections from one thread; gives each one's result."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence

from django.conf import settings

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.base import IDLE_SECONDS, Message, TransportUnavailable, do_nothing, let_leave
from digest.delivery.transports.smtp.connection import Access, Connection
from digest.delivery.transports.smtp.dialogue import Dialogue, Gone
from digest.delivery.transports.smtp.lockstep import dialogue_over
from digest.delivery.transports.smtp.pool import WRITE, Pool
from digest.delivery.transports.smtp.run import Run

IDLE_AFTER = IDLE_SECONDS * 0.8  # so that a busy machine keeps the promise too
PAUSE_SECONDS = 5.0  # before another connection is tried, after one failed while others work
MAX_FRUITLESS = 3


class SmtpTransport:
    """Up to `connections` connections, opened as there are messages for them and kept until `close`.

    The first one must come about; where later ones do not, there are fewer. A connection ends in good order after
    `messages_per_connection` messages. EMAIL_TIMEOUT is the time that the server may take for any answer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: str = "",
        use_tls: bool = False,
        use_ssl: bool = False,
        timeout: float = 30,
        connections: int = 4,
        messages_per_connection: int = 500,
        ssl_certfile: str | None = None,
        ssl_keyfile: str | None = None,
    ) -> None:
        self.idle: Callable[[], None] = do_nothing
        self.may_leave: Callable[[Sequence[int]], bool] = let_leave
        self._access = Access(host, port, user, password, use_tls, use_ssl, timeout, ssl_certfile, ssl_keyfile)
        self._connections = connections
        self._messages_per_connection = messages_per_connection
        self._pool: Pool | None = None
        self._idle_at = self._not_before = 0.0

    @classmethod
    def from_settings(cls, connections: int) -> SmtpTransport:
        return cls(
            settings.EMAIL_HOST,
            settings.EMAIL_PORT,
            user=settings.EMAIL_HOST_USER,
            password=settings.EMAIL_HOST_PASSWORD,
            use_tls=settings.EMAIL_USE_TLS,
            use_ssl=settings.EMAIL_USE_SSL,
            timeout=settings.EMAIL_TIMEOUT,
            connections=connections,
            messages_per_connection=settings.SMTP_MESSAGES_PER_CONNECTION,
            ssl_certfile=settings.EMAIL_SSL_CERTFILE,
            ssl_keyfile=settings.EMAIL_SSL_KEYFILE,
        )

    def send(self, messages: Iterator[tuple[int, Message]]) -> Generator[tuple[int, Result], None, None]:
        run = Run(messages, self.may_leave)
        self._pool = pool = Pool(self._access) if self._pool is None else self._pool
        self._not_before, self._idle_at = 0.0, run.now + IDLE_AFTER
        try:
            self._take_over(pool, run)
            while True:
                self._staff(pool, run)
                self._submit(pool, run)
                yield from run.take_results()
                if not run.has_more and not any(dialogue.is_busy for dialogue in pool.dialogues):
                    break
                self._wait(pool, run)
                yield from run.take_results()
        finally:
            pool.abort_busy()
        if run.error is not None:
            raise run.error

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    # Connections

    def _take_over(self, pool: Pool, run: Run) -> None:
        """Connections from an earlier run go on; one that the server has closed meanwhile is forgotten."""
        for dialogue in pool.dialogues:
            dialogue.run, dialogue.is_kept = run, True
        for dialogue, _ in pool.select(0):
            self._act(pool, run, dialogue, dialogue.receive)
        for dialogue in list(pool.dialogues):
            self._act(pool, run, dialogue, dialogue.begin)

    def _staff(self, pool: Pool, run: Run) -> None:
        """Take in connections that are made, and begin to make others where there are messages for them."""
        if pool.openings:
            for arrival in pool.arrivals():
                self._receive_arrival(pool, run, arrival)
        if run.again:
            self._hand_on(pool, run)
        if run.has_more and (run.again or len(pool) < self._connections) and self._is_short(pool, run):
            pool.open_another()

    def _hand_on(self, pool: Pool, run: Run) -> None:
        """What an old connection lost is for new ones, which may have found nothing to do so far."""
        for dialogue in [each for each in pool.dialogues if each.is_fresh and not each.is_busy]:
            self._act(pool, run, dialogue, dialogue.begin)

    def _is_short(self, pool: Pool, run: Run) -> bool:
        """Fewer connections than messages, as far as known: the second one is for the second message drawn."""
        if len(pool) and run.now < self._not_before:
            return False
        if len(pool) < min(self._connections, max(run.drawn, 1)):
            return True
        return bool(run.again) and not pool.openings and not any(each.is_fresh for each in pool.dialogues)

    def _receive_arrival(self, pool: Pool, run: Run, arrival: Connection | TransportUnavailable) -> None:
        if isinstance(arrival, TransportUnavailable):
            self._do_without(pool, run, arrival.result)
            return
        dialogue = dialogue_over(arrival, run, self._messages_per_connection, self._access.timeout)
        pool.add(dialogue)
        self._act(pool, run, dialogue, dialogue.begin)

    def _do_without(self, pool: Pool, run: Run, result: Result) -> None:
        """A connection did not come about: the others carry on, if there are any."""
        self._not_before = run.now + PAUSE_SECONDS
        run.give_back(result)
        if not len(pool) and run.has_more:
            run.stop_unavailable(result)

    def _lose(self, pool: Pool, run: Run, dialogue: Dialogue, reason: str) -> None:
        pool.remove(dialogue)
        was_busy, was_fresh = dialogue.is_busy, dialogue.is_fresh
        dialogue.abandon(reason)
        dialogue.channel.close()
        if was_busy:
            self._count_loss(pool, run, reason, is_fruitless=was_fresh and dialogue.is_fresh)

    def _count_loss(self, pool: Pool, run: Run, reason: str, *, is_fruitless: bool) -> None:
        """Some servers let everybody in and nobody do anything: that is not to go on for ever."""
        run.fruitless = run.fruitless + 1 if is_fruitless else 0
        if not is_fruitless:
            return
        self._not_before = run.now + PAUSE_SECONDS
        if run.fruitless >= MAX_FRUITLESS and all(dialogue.is_fresh for dialogue in pool.dialogues):
            run.stop_unavailable(Result(Outcome.RETURNED, reason, fault=Fault.PROVIDER))

    # Contents

    def _submit(self, pool: Pool, run: Run) -> None:
        """Send what the servers wait for; all of it is noted in one go."""
        ready = [dialogue for dialogue in pool.dialogues if dialogue.ready is not None]
        if not ready:
            return
        allowed = run.may_leave([dialogue.ready for dialogue in ready if dialogue.ready is not None])
        for dialogue in ready:
            if allowed:
                self._act(pool, run, dialogue, dialogue.submit)
            else:
                self._withdraw(pool, dialogue)

    def _withdraw(self, pool: Pool, dialogue: Dialogue) -> None:
        """SMTP knows no other way to take back what was announced than to hang up: no fault of the server's."""
        pool.remove(dialogue)
        dialogue.channel.close()

    # Waiting

    def _wait(self, pool: Pool, run: Run) -> None:
        ready = pool.select(max(0.0, self._idle_at - time.monotonic()))
        run.now = time.monotonic()
        for dialogue, events in ready:
            # An error or a hang-up is read like anything else, so that what came before it counts.
            self._act(pool, run, dialogue, dialogue.channel.flush if events == WRITE else dialogue.advance)
        if run.now >= self._idle_at:
            self._drop_stuck(pool, run)
            self.idle()
            self._idle_at = time.monotonic() + IDLE_AFTER

    def _act(self, pool: Pool, run: Run, dialogue: Dialogue, action: Callable[[], None]) -> None:
        try:
            action()
        except Gone as error:
            self._lose(pool, run, dialogue, str(error))
        except OSError as error:
            dialogue.salvage()
            self._lose(pool, run, dialogue, f"{type(error).__name__}: {error}")
        else:
            self._look_after(pool, dialogue)

    def _look_after(self, pool: Pool, dialogue: Dialogue) -> None:
        if dialogue.is_spent:
            dialogue.run.fruitless = 0
            pool.remove(dialogue)
            dialogue.channel.part(b"QUIT\r\n")
        else:
            pool.watch(dialogue)

    def _drop_stuck(self, pool: Pool, run: Run) -> None:
        stuck = [dialogue for dialogue in pool.dialogues if dialogue.is_busy and dialogue.deadline < run.now]
        for dialogue in stuck:
            self._lose(pool, run, dialogue, f"The server gave no answer within {self._access.timeout:g} s")
