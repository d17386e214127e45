"""One installation to be mistreated: a PostgreSQL database, a Redis, a mail server, real workers and beats."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.audit import TERMINAL, Facts
from tests.chaos.post_office import PostOffice
from tests.pipeline.stack import Stack
from tests.services import PROJECT, RedisServer, process_environment

WINDOW = 10
CHUNK = 60
STILL = 2.0  # seconds without any change: two ticks have found nothing to do
OPEN = "state IN ('queued', 'claimed')"
AVAILABLE = "state = 'queued' AND due_at <= now() AND (leased_until IS NULL OR leased_until <= now())"


def seed(database_url: str, readers: int, folder: Path) -> None:
    """Migrations, an edition, and readers who are due, put into an empty database."""
    environment = process_environment(DATABASE_URL=database_url, DATA_DIR=str(folder), CACHE_URL="locmemcache://")
    command = [sys.executable, "-m", "tests.chaos.seed", str(readers)]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)


class Site:
    """Use as a context manager: the mail server runs inside, and every process started is ended afterwards."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, redis: RedisServer | None = None) -> None:
        self.database_url, self.redis = database_url, redis
        self.post_office = PostOffice()
        self.stack = Stack(folder, self._environment(folder, redis_url))

    def _environment(self, folder: Path, redis_url: str) -> dict[str, str]:
        return process_environment(
            DATA_DIR=str(folder), DATABASE_URL=self.database_url, CELERY_BROKER_URL=redis_url, CACHE_URL=redis_url,
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=str(self.post_office.port), EMAIL_TIMEOUT="60", POSTAL_ADDRESS="1 Storm Street, Testville",
            TICK_SECONDS="1", DELIVERY_WINDOW=str(WINDOW), DELIVERY_CHUNK=str(CHUNK),
        )  # fmt: skip

    def __enter__(self) -> Site:
        self.post_office.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.post_office.release()
        self.stack.stop()
        self.post_office.stop()

    # Processes

    def start_worker(self, name: str, *options: str) -> None:
        named = ["--concurrency", "1", "--loglevel", "INFO", "--hostname", f"{name}@%h", *options]
        self.stack.start(name, "celery", "-A", "config", "worker", *named)

    def start_beat(self, name: str) -> None:
        schedule = str(self.stack.folder / f"{name}-schedule")
        self.stack.start(name, "celery", "-A", "config", "beat", "--loglevel", "INFO", "--schedule", schedule)

    def children(self, name: str) -> list[int]:
        """The process ids of a worker's pool."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.stack.processes[name].pid)]
        return [int(pid) for pid in subprocess.run(command, capture_output=True, check=True).stdout.split()]

    def kill(self, name: str) -> None:
        """SIGKILL to a worker and its pool, as when its machine is gone."""
        process = self.stack.processes[name]
        for pid in [process.pid, *self.children(name)]:
            os.kill(pid, signal.SIGKILL)
        process.wait(10)

    def kill_pool(self, name: str) -> None:
        """SIGKILL to a worker's pool process alone, as the kernel does when memory runs out."""
        (pid,) = self.children(name)
        os.kill(pid, signal.SIGKILL)

    # What can be seen

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def count(self, condition: str) -> int:
        """Rows of the ledger for which an SQL condition holds."""
        return int(self.rows(f"SELECT count(*) FROM digest_delivery WHERE {condition}")[0][0])  # noqa: S608

    def facts(self) -> Facts:
        ledger = self.rows(
            "SELECT email, state FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id"
        )
        ((readers,),) = self.rows("SELECT count(*) FROM subscriptions_subscriber")
        return Facts(int(readers), [(str(email), str(state)) for email, state in ledger], self.post_office.received())

    def logs(self) -> str:
        return "\n".join(f"--- {name} ---\n{self.stack.log(name)}" for name in self.stack.processes)

    # Time

    def wait(self, what: str, happened: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} s still not: {what}\n{self.logs()}")
            time.sleep(0.05)

    def settle(self) -> None:
        """Wait until nobody has anything left to take, and nothing has moved for a while."""
        self.wait("every reader has a row", lambda: self.count("true") >= self.facts().readers)
        self.wait("nothing is left to take", lambda: self.count(AVAILABLE) == 0)
        last, since = self._moving(), time.monotonic()

        def still() -> bool:
            nonlocal last, since
            time.sleep(0.2)
            if (current := self._moving()) != last:
                last, since = current, time.monotonic()
            return time.monotonic() - since > STILL

        self.wait("everything stands still", still)

    def _moving(self) -> tuple[Counter[str], int, int]:
        return self.facts().states, len(self.post_office.messages), self.count(AVAILABLE)

    def let_time_pass(self, minutes: int) -> None:
        """Nobody sleeps for it: the open rows' own times are moved into the past, as if the clock had gone on."""
        self.rows(
            f"""UPDATE digest_delivery SET due_at = due_at - %s * interval '1 minute',
            leased_until = leased_until - %s * interval '1 minute', claimed_at = claimed_at - %s * interval '1 minute'
            WHERE {OPEN} RETURNING id""",  # noqa: S608
            minutes, minutes, minutes,
        )  # fmt: skip

    def finish(self) -> None:
        """Let the site work, and time pass whenever only time can help, until every row has ended."""
        for _ in range(6):
            self.settle()
            if all(state in TERMINAL for state in self.facts().states):
                return
            self.let_time_pass(15)
        raise TimeoutError(f"rows remain: {self.facts().states}\n{self.logs()}")
