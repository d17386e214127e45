"""The benchmark of imports: a second import changes nothing, and it leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.services import PROJECT, process_environment


@pytest.mark.long
def test_its_last_line_is_the_account(tmp_path):
    records = [{"id": f"2606.{number:05}", "title": f"A telling title, number {number}"} for number in range(50)]
    (tmp_path / "papers.json").write_text(json.dumps(records))
    finished = subprocess.run(
        [sys.executable, "manage.py", "bench_import", str(tmp_path / "papers.json"), "--json"],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(tmp_path), POSTAL_ADDRESS="1 Test Street", LOG_LEVEL="ERROR"),
        capture_output=True,
        timeout=120,
        check=True,
    )
    account = json.loads(finished.stdout.splitlines()[-1])
    assert (account["papers"], account["new"]) == (50, 50)
    repeated = ("repeated_new", "repeated_updated", "repeated_changed_rows")
    assert [account[name] for name in repeated] == [0, 0, 0]
    assert account["cpu_us_per_paper"] > 0
    assert not (tmp_path / "paperboy.sqlite3").exists()
