"""The bombing of a mailbox, and the time of answers: one JSON object, nothing sent, nothing left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.services import PROJECT, process_environment


def test_a_bombed_mailbox_gets_what_the_settings_say_and_everybody_else_their_mail(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "manage.py", "bench_signups", "--requests", "1000", "--times", "20", "--json"],
        cwd=PROJECT,
        env=process_environment(
            DATA_DIR=str(tmp_path), POSTAL_ADDRESS="1 Test Street", LOG_LEVEL="ERROR", SIGNUPS_PER_IP_PER_HOUR="3"
        ),
        capture_output=True,
        timeout=300,
        check=True,
    )
    (line,) = finished.stdout.splitlines()
    account = json.loads(line)
    bombing = account["bombing"]
    assert (bombing["taken_in"], bombing["turned_away_by_place"]) == (600, 400)
    assert (bombing["honest_taken_in"], bombing["honest_mailed"]) == (100, 100)
    assert (bombing["victim_mailed_at_once"], bombing["victim_mailed_in_30_days"]) == (1, 3)
    assert bombing["rows_left"] == 101
    assert set(account["answers"]) == {"unknown", "known", "suppressed", "flooding"}
    assert all(0 < spread["p5"] <= spread["p50"] <= spread["p95"] for spread in account["answers"].values())
    assert not (tmp_path / "paperboy.sqlite3").exists()
