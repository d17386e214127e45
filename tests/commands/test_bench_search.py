"""The benchmark of searches: one JSON object with what its contract says, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.services import PROJECT, process_environment


def test_its_last_line_is_the_account(tmp_path: Path) -> None:
    records = [{"id": f"2606.{number:05}", "title": f"A telling title, number {number}"} for number in range(50)]
    (tmp_path / "papers.json").write_text(json.dumps(records))
    finished = subprocess.run(
        [sys.executable, "manage.py", "bench_search", str(tmp_path / "papers.json"), "--queries", "16", "--json"],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(tmp_path), POSTAL_ADDRESS="1 Test Street", LOG_LEVEL="ERROR"),
        capture_output=True,
        timeout=120,
        check=True,
    )
    (line,) = finished.stdout.splitlines()
    account = json.loads(line)
    assert (account["papers"], account["queries"]) == (50, 16)
    assert 0 < account["p50_ms"] <= account["p95_ms"]
    assert not (tmp_path / "paperboy.sqlite3").exists()
