"""Real processes on a real database, talking SMTP: killed in the middle, and two at a time. Nothing goes out twice."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.delivery.conftest import Mailbox, smtp_server
from tests.factories import NOW
from tests.services import PROJECT, postgres_database, process_environment

READERS = 120
WINDOW = 50
IN_MID_WINDOW = 43
ON_THE_WIRE = 4  # four connections with a message each
PATIENCE = 120  # seconds, for a machine that has much else to do; nothing waits so long on another

Query = Callable[[str], list[tuple]]


class SlowMailbox(Mailbox):
    """Takes a moment over each message, so that something can happen meanwhile.

    With `company`, it answers none before that many processes are sending, or PATIENCE seconds have passed.
    """

    def __init__(self, company: int = 1) -> None:
        super().__init__()
        self.company = company
        self.peers: set[object] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.peers.add(session.peer)
        end = time.monotonic() + PATIENCE
        while len(self.peers) < self.company and time.monotonic() < end:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        return await super().handle_DATA(server, session, envelope)


class Site:
    """A database, an SMTP server, and processes of the project that use both."""

    def __init__(self, database_url: str, query: Query, mailbox: SlowMailbox, environment: dict[str, str]) -> None:
        self.query, self.mailbox = query, mailbox
        self.environment = {**environment, "DATABASE_URL": database_url}

    def start(self, now: datetime) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "send_due", "--json", "--now", now.isoformat()]
        return subprocess.Popen(
            command, cwd=PROJECT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def send(self, now: datetime) -> dict[str, int]:
        return self.finish(self.start(now))

    def finish(self, process: subprocess.Popen[bytes]) -> dict[str, int]:
        output, errors = process.communicate(timeout=2 * PATIENCE)
        assert output, errors.decode()
        counts: dict[str, int] = json.loads(output)
        return counts

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.query("SELECT state FROM digest_delivery"))

    def addresses(self, state: str) -> set[str]:
        rows = self.query(
            "SELECT email, state FROM subscriptions_subscriber s JOIN digest_delivery d ON d.subscriber_id = s.id"
        )
        return {email for email, its_state in rows if its_state == state}


def seed(url: str, folder: Path) -> None:
    environment = process_environment(DATA_DIR=str(folder), CACHE_URL="locmemcache://", DATABASE_URL=url)
    command = [sys.executable, "-m", "tests.delivery.seed", str(READERS)]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once, as are PostgreSQL's: all the migrations take longer than a test."""
    folder = tmp_path_factory.mktemp("template")
    seed(f"sqlite:///{folder / 'seeded.sqlite3'}", folder)
    return folder / "seeded.sqlite3"


@pytest.fixture(scope="module")
def postgres_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_database() as url:
        seed(url, tmp_path_factory.mktemp("template"))
        yield urlsplit(url).path.removeprefix("/")


def sqlite(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[str, Query]]:
    path = shutil.copy(request.getfixturevalue("sqlite_template"), folder / "crash.sqlite3")

    def query(sql: str) -> list[tuple]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchall()

    yield f"sqlite:///{path}", query


def postgres(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[str, Query]]:
    with postgres_database(request.getfixturevalue("postgres_template")) as url:

        def query(sql: str) -> list[tuple]:
            with psycopg.connect(url) as connection:
                return connection.execute(sql.encode()).fetchall()

        yield url, query


@pytest.fixture(params=[sqlite, pytest.param(postgres, marks=pytest.mark.postgres)], ids=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    mailbox = SlowMailbox()
    with smtp_server(mailbox) as port:
        for url, query in request.param(request, tmp_path):
            environment = process_environment(
                DATA_DIR=str(tmp_path / "data"),
                CACHE_URL="locmemcache://",
                EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
                EMAIL_HOST="127.0.0.1",
                EMAIL_PORT=str(port),
                EMAIL_TIMEOUT=str(2 * PATIENCE),
                DELIVERY_WINDOW=str(WINDOW),
                DELIVERY_CHUNK="40",
            )
            yield Site(url, query, mailbox, environment)


@pytest.mark.long
def test_a_worker_killed_in_the_middle_leaves_in_doubt_what_was_on_the_wire_and_nobody_goes_without(site: Site):
    process = site.start(NOW)
    deadline = time.monotonic() + PATIENCE
    while len(site.mailbox.received) < IN_MID_WINDOW and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    sent_before = len(site.mailbox.received)
    assert IN_MID_WINDOW <= sent_before < READERS

    site.send(NOW + timedelta(seconds=1))  # at once: nobody waits for a lease or a deadline

    states = site.states()
    assert states["accepted"] + states["unknown"] == READERS
    assert states["unknown"] <= ON_THE_WIRE
    assert max(Counter(site.mailbox.recipients).values()) == 1
    assert site.addresses("accepted") <= set(site.mailbox.recipients)
    assert set(site.mailbox.recipients) | site.addresses("unknown") == site.addresses("accepted") | site.addresses(
        "unknown"
    )
    assert site.send(NOW + timedelta(hours=6))["accepted"] == 0


@pytest.mark.long
def test_two_workers_at_once_share_the_work_and_nobody_gets_two(site: Site):
    site.mailbox.company = 2
    one = site.start(NOW)
    deadline = time.monotonic() + PATIENCE
    while not site.mailbox.peers and time.monotonic() < deadline:
        time.sleep(0.01)
    other = site.start(NOW)  # everything is planned, and the first has a message on the wire
    first, second = site.finish(one), site.finish(other)
    assert first["accepted"] + second["accepted"] == READERS
    assert first["planned"] + second["planned"] == READERS
    assert min(first["accepted"], second["accepted"]) > 0
    assert site.states() == {"accepted": READERS}
    assert sorted(site.mailbox.recipients) == sorted(site.addresses("accepted"))
