"""The short version of `make chaos`, on real processes; each scenario is audited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos import report, running
from tests.chaos.scenarios import SCENARIOS


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.redis
def test_whatever_fails_nobody_is_lost_and_nobody_gets_two():
    skipped: dict[str, str] = {}
    accounts = list(running.run_all(running.SHORT, running.SHORT_CHUNK, skipped))
    print("\n".join([report.header(), *map(report.line, accounts)]))
    assert not skipped
    assert {each.scenario: each.faults for each in accounts if each.verdict != "passed"} == {}
    assert len(accounts) == len(running.SHORT)


def test_the_report_says_what_was_not_run_and_whether_all_is_well(tmp_path: Path):
    report.write(tmp_path / "chaos.json", [], {"disk full": "this user may not mount"})
    assert json.loads((tmp_path / "chaos.json").read_text()) == {
        "passed": False, "scenarios": [], "not_run": {"disk full": "this user may not mount"}
    }  # fmt: skip


def test_every_short_scenario_exists():
    assert running.SHORT.keys() <= SCENARIOS.keys()
