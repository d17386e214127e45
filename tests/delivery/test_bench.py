"""The benchmark: it measures real sending, leaves nothing behind, and writes to no stranger."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.delivery.conftest import Mailbox, smtp_server
from tests.services import PROJECT, free_port, postgres_database, process_environment

KEYS = {
    "messages", "accepted", "seconds", "messages_per_second", "cpu_us_per_message", "database_cpu_us_per_message",
    "plan_cpu_us_per_message", "baseline_cpu_us_per_message", "ratio", "rss_mb", "unknown", "rejected", "stages_us",
}  # fmt: skip


def bench(folder: Path, *options: str) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "manage.py", "bench_delivery", "--papers", "20", *options],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(folder), CACHE_URL="locmemcache://"),
        capture_output=True,
        timeout=300,
        check=True,
    )
    account: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return account


@pytest.mark.long
def test_it_sends_all_ways_and_its_last_line_is_the_account(tmp_path):
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        account = bench(tmp_path, "--subscribers", "12", "--plain", "12", "--rounds", "2", "--port", str(port))
    assert account.keys() >= KEYS
    assert len(mailbox.received) == 2 * (12 + 12 + 12) + 12  # the last round is for the stages
    assert (account["messages"], account["accepted"], account["rounds"]) == (12, 12, 2)
    assert account["cpu_us_per_message"] > 0
    ratio = account["baseline_cpu_us_per_message"] / account["cpu_us_per_message"]
    assert account["ratio"] == pytest.approx(ratio, 0.1)
    # The same digests: within a tenth in size.
    assert account["baseline_bytes_per_message"] == pytest.approx(account["bytes_per_message"], rel=0.25)
    assert all(microseconds > 0 for microseconds in account["stages_us"].values())
    assert not (tmp_path / "paperboy.sqlite3").exists()


@pytest.mark.long
def test_the_null_transport_needs_no_server(tmp_path):
    account = bench(tmp_path, "--subscribers", "9", "--rounds", "1", "--transport", "null")
    assert (account["accepted"], account["transport"], account["ratio"]) == (9, "null", 0)


@pytest.mark.long
@pytest.mark.postgres
def test_every_statement_of_the_ledger_is_explained(tmp_path):
    with postgres_database() as url:
        environment = process_environment(DATA_DIR=str(tmp_path), CACHE_URL="locmemcache://", DATABASE_URL=url)
        command = [sys.executable, "manage.py", "bench_ledger", "--subscribers", "300", "--rows", "2700", "--json"]
        # Tables this small are rightly read from end to end, which is what it complains of.
        finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, timeout=300, check=False)
    account = json.loads(finished.stdout.splitlines()[-1])
    assert (account["planned"], account["rows"]) == (300, 2700)
    steps = {each["name"]: each["rows"] for each in account["statements"]}
    assert steps.keys() >= {
        "plan, nobody left",
        "waiting",
        "lease",
        "interests",
        "claim",
        "record",
        "put off",
        "rescue",
    }
    # What each of the 300 was sent on the last seven days.
    assert max(each["rows"] for each in account["statements"] if each["name"] == "interests") == 7 * 300


def test_it_writes_to_no_other_machine():
    with pytest.raises(CommandError, match="--yes"):
        call_command("bench_delivery", host="192.0.2.1")


def test_a_missing_server_is_named_with_its_remedy():
    with pytest.raises(CommandError, match="smtp-sink"):
        call_command("bench_delivery", port=free_port())
