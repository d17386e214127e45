"""The benchmark: it measures real sending, leaves nothing behind, and writes to no stranger."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.delivery.conftest import Mailbox, smtp_server
from tests.services import PROJECT, free_port, process_environment


def test_it_sends_both_ways_and_its_last_line_is_the_account(tmp_path):
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        numbers = ["--subscribers", "12", "--papers", "15", "--plain", "4", "--rounds", "2", "--port", str(port)]
        finished = subprocess.run(
            [sys.executable, "manage.py", "bench_delivery", *numbers],
            cwd=PROJECT,
            env=process_environment(DATA_DIR=str(tmp_path), CACHE_URL="locmemcache://"),
            capture_output=True,
            timeout=120,
            check=True,
        )
    account = json.loads(finished.stdout.splitlines()[-1])
    assert len(mailbox.received) == 2 * (12 + 4)
    assert (account["messages"], account["plain_messages"], account["rounds"]) == (12, 4, 2)
    assert account["cpu_us_per_message"] > 0
    assert account["ratio"] == pytest.approx(account["plain_cpu_us_per_message"] / account["cpu_us_per_message"], 0.1)
    # The same digests: within a tenth in size.
    assert account["plain_bytes_per_message"] == pytest.approx(account["bytes_per_message"], rel=0.1)
    assert not (tmp_path / "paperboy.sqlite3").exists()


def test_it_writes_to_no_other_machine():
    with pytest.raises(CommandError, match="--yes"):
        call_command("bench_delivery", host="192.0.2.1")


def test_a_missing_server_is_named_with_its_remedy():
    with pytest.raises(CommandError, match="smtp-sink"):
        call_command("bench_delivery", port=free_port())
