"""A real worker, told to end while it waits for a source: it ends at once, and the source is visited again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.services import PROJECT, process_environment
from tests.sources.loopback import Answer, running

DUE = """
import sys, django
django.setup()
from django.core.management import call_command
from digest import tasks
from digest.models import Source
call_command("migrate", verbosity=0)
source = Source.objects.create(name="Slow", slug="slow", kind="arxiv_atom", url=sys.argv[1])
tasks.refresh_due.delay([source.pk])
"""
WORKER = ["-m", "celery", "-A", "config", "worker", "--queues", "ingestion", "--concurrency", "1", "--loglevel", "INFO"]
SOON = 10  # seconds; the reply would go on for 25 more, up to FETCH_TIMEOUT_SECONDS


def drip() -> Iterator[bytes]:
    while True:
        yield b"<"
        time.sleep(0.2)


@pytest.mark.long
def test_a_worker_ends_in_the_middle_of_a_slow_reply_and_the_source_stays_due(tmp_path: Path) -> None:
    with running() as server:
        url = server.serve("/feed", Answer(drip()))
        environment = process_environment(
            DATA_DIR=str(tmp_path),
            CACHE_URL="locmemcache://",
            FETCH_ALLOW_PRIVATE="127.0.0.1",
            DJANGO_SETTINGS_MODULE="config.settings",
        )
        subprocess.run([sys.executable, "-c", DUE, url], cwd=PROJECT, env=environment, check=True)
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen([sys.executable, *WORKER], cwd=PROJECT, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while not server.requests and time.monotonic() < deadline:
                assert worker.poll() is None, (tmp_path / "worker.log").read_text()
                time.sleep(0.05)
            assert server.requests
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(SOON) == 0
        finally:
            worker.kill()
            worker.wait()
        with closing(sqlite3.connect(tmp_path / "paperboy.sqlite3")) as database:
            source = database.execute(
                "SELECT failures, checked_at, next_check_at <= datetime('now') FROM digest_source WHERE slug = 'slow'"
            ).fetchone()
            run = database.execute("SELECT outcome, message FROM digest_sourcerun").fetchone()
        assert source == (0, None, 1)
        assert run == ("failed", "interrupted: this worker is to end; another one does it again")
        assert "Traceback" not in (tmp_path / "worker.log").read_text()
