"""One installation to be mistreated: PostgreSQL, Redis, a mail server, Celery's processes as compose starts them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from digest.management.sink import Record, Sink
from tests.chaos.audit import TERMINAL, Facts, Row
from tests.chaos.cluster import PostgresCluster
from tests.chaos.processes import Processes
from tests.services import PROJECT, RedisServer, process_environment

CONNECTIONS = 4
PASSWORD = "storm"
STILL = 1.5  # seconds without any change, where the rows say that nobody has anything to do
TABLES = ("digest_digest", "digest_delivery", "digest_lease", "digest_breaker", "subscriptions_suppression")


def seed(database_url: str, readers: int, folder: Path) -> None:
    """Migrations, an edition and readers, put into an empty database."""
    environment = process_environment(DATABASE_URL=database_url, DATA_DIR=str(folder), CACHE_URL="locmemcache://")
    command = [sys.executable, "-m", "tests.chaos.seed", str(readers)]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)


class Site(Processes):
    """Use as a context manager. `begin` makes readers due again, so that one site serves many scenarios in a row."""

    def __init__(self, folder: Path, cluster: PostgresCluster, database: str, redis: RedisServer, chunk: int) -> None:
        self.cluster, self.redis = cluster, redis
        self.database_url = cluster.url(database)
        self.sink = Sink()
        self.sink.start()
        self.readers = 0
        super().__init__(folder, self._environment(folder, chunk))

    def _environment(self, folder: Path, chunk: int) -> dict[str, str]:
        now = datetime.now(tz=UTC)
        return process_environment(
            DATA_DIR=str(folder), DATABASE_URL=self.database_url, CELERY_BROKER_URL=self.redis.url,
            CACHE_URL=self.redis.url, EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(self.sink.port), EMAIL_HOST_USER="paperboy",
            EMAIL_HOST_PASSWORD=PASSWORD, SMTP_CONNECTIONS=str(CONNECTIONS), SMTP_MESSAGES_PER_CONNECTION="50",
            POSTAL_ADDRESS="1 Storm Street, Testville",
            TICK_SECONDS="1", PAUSE_SECONDS="1", DELIVERY_CHUNK=str(chunk), DELIVERY_WINDOW=str(max(10, chunk // 5)),
            DAILY_PUBLISH_HOUR=str(now.hour), CURATION_HOURS="1",  # no newer edition before this is over
        )  # fmt: skip

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.redis.process.send_signal(signal.SIGCONT)
        self.sink.release()
        self.sink.stop()
        self.clear()
        self.sink.close()

    # Scenarios, one after another

    def begin(self, readers: int) -> None:
        """A well-behaved server, and `readers` readers who are soon due; as if nothing had ever been sent."""
        self.sink.start()
        self.behave()
        self.release()
        self.readers = readers
        with psycopg.connect(self.database_url) as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608
            self.sink.record = Record()
            connection.execute(
                """UPDATE subscriptions_subscriber SET status = 'active', unsubscribed_at = NULL,
                next_delivery_at = now() + interval '30 days' WHERE confirmed_at IS NOT NULL"""
            )

    def make_due(self, number: int | None = None) -> None:
        """The first `number` readers, or all of them, but for those who have had their digest."""
        self.change(
            """UPDATE subscriptions_subscriber SET next_delivery_at = now() - interval '1 minute'
            WHERE id < (SELECT min(id) + %s FROM subscriptions_subscriber)
                AND NOT EXISTS (SELECT 1 FROM digest_delivery d WHERE d.subscriber_id = subscriptions_subscriber.id)""",
            number or self.readers,
        )

    def behave(self) -> None:
        self.sink.behaviour = type(self.sink.behaviour)(password=PASSWORD)

    def release(self) -> None:
        self.sink.release()

    # What can be seen

    @property
    def record(self) -> Record:
        return self.sink.record

    def on_wire(self) -> int:
        """Connections that were cut: on each there is one message at most that was sent and has no answer."""
        return len(self.record.cuts)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def change(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.database_url) as connection:
            connection.execute(statement.encode(), values)

    def count(self, condition: str) -> int:
        """Rows of the ledger for which an SQL condition holds."""
        return int(self.rows(f"SELECT count(*) FROM digest_delivery WHERE {condition}")[0][0])  # noqa: S608

    def states(self) -> Counter[str]:
        return Counter(dict(self.rows("SELECT state, count(*) FROM digest_delivery GROUP BY state")))

    def facts(self) -> Facts:
        ledger = self.rows(
            """SELECT s.email, coalesce(d.state, ''), coalesce(d.detail, ''), coalesce(d.due_at > now(), false)
            FROM subscriptions_subscriber s LEFT JOIN digest_delivery d ON d.subscriber_id = s.id
            ORDER BY s.id LIMIT %s""",
            self.readers,
        )
        accepted = Counter(receipt.recipient for receipt in list(self.record.accepted))
        unanswered = Counter(receipt.recipient for receipt in list(self.record.unanswered))
        return Facts([Row(*row) for row in ledger], accepted, unanswered, frozenset(self.record.refused))

    # Time

    def describe(self) -> str:
        return f"{dict(self.states())}; {super().describe()}"

    def is_paused(self, fault: str = "") -> bool:
        """Whether the breaker of the way out is open, because of `fault` if that is given."""
        found = self.rows(
            """SELECT fault FROM digest_breaker
            WHERE state <> 'closed' AND scope NOT LIKE 'to:%%' AND scope NOT LIKE 'edition:%%'"""
        )
        return bool(found) and fault in ("", found[0][0])

    def wait_for_mail(self, more: int = 1) -> None:
        """Until so many more messages have come, or there is nothing more to come."""
        wanted = self.record.messages + more
        self.wait(f"{more} more messages", lambda: self.record.messages >= wanted or self.is_over() or self.nudge())

    def is_over(self) -> bool:
        states = self.states()
        return sum(states[state] for state in TERMINAL) >= self.readers

    def nudge(self) -> None:
        """Let time pass, if only that can help: nothing is on its way, and what is queued is due later or paused."""
        ((due,),) = self.rows("SELECT count(*) FROM digest_delivery WHERE state = 'queued' AND due_at <= now()")
        ((paused,),) = self.rows("SELECT count(*) FROM digest_breaker WHERE state <> 'closed' AND until > now()")
        ((leased,),) = self.rows("SELECT count(*) FROM digest_lease")
        if not self.count("state = 'claimed'") and (paused or (not due and not leased)) and self.count("true"):
            self.let_time_pass()

    def let_time_pass(self, by: timedelta = timedelta(minutes=15)) -> None:
        """Nobody sleeps for it: what rows wait for is moved into the past, as if the clock had gone on."""
        self.change("UPDATE digest_delivery SET due_at = due_at - %s WHERE state = 'queued'", by)
        self.change("UPDATE digest_breaker SET until = until - %s WHERE state <> 'closed'", by)

    def finish(self, seconds: float = 240) -> None:
        """Let the site work, and time pass where only time can help, until every row has ended and nobody is at it."""
        deadline, last, since = time.monotonic() + seconds, self._moving(), time.monotonic()
        while not (self.is_over() and not self.rows("SELECT 1 FROM digest_lease")):
            if (current := self._moving()) != last:
                last, since = current, time.monotonic()
            elif time.monotonic() - since > STILL:
                self.nudge()
                since = time.monotonic()
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} s rows remain: {dict(self.states())}")
            time.sleep(0.1)

    def _moving(self) -> tuple[Counter[str], int]:
        return self.states(), self.record.messages
