"""The benchmark of events: it measures the whole way of an event, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.services import PROJECT, process_environment


@pytest.mark.long
def test_its_last_line_is_the_account(tmp_path):
    finished = subprocess.run(
        [sys.executable, "manage.py", "bench_events", "--events", "200", "--per-request", "20"],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(tmp_path), POSTAL_ADDRESS="1 Test Street", LOG_LEVEL="ERROR"),
        capture_output=True,
        timeout=300,
        check=True,
    )
    account = json.loads(finished.stdout.splitlines()[-1])
    assert (account["events"], account["requests"]) == (200, 10)
    both = account["receive_cpu_us_per_event"] + account["handle_cpu_us_per_event"]
    assert account["cpu_us_per_event"] == pytest.approx(both, abs=0.2)
    assert account["suppressed"] > 0
    assert not (tmp_path / "paperboy.sqlite3").exists()
