"""Takes what a scenario left; gives a line of the table, and the file of all lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos.audit import Expected, Facts, faults

COLUMNS = ("readers", "accepted", "received", "lost", "doubled", "unknown", "on_wire", "seconds", "verdict")
NAME = 26


@dataclass(frozen=True)
class Account:
    """`accepted` counts rows of the ledger, `received` messages that the server took."""

    scenario: str
    readers: int
    accepted: int
    received: int
    lost: int
    doubled: int
    unknown: int
    on_wire: int
    rejected: int
    skipped: int
    seconds: float
    verdict: str
    faults: list[str]


def account(name: str, facts: Facts, expected: Expected, seconds: float, trouble: str = "") -> Account:
    wrong = [*([trouble] if trouble else []), *faults(facts, expected)]
    return Account(
        scenario=name,
        readers=len(facts.rows),
        accepted=facts.states["accepted"],
        received=facts.received.total(),
        lost=len(facts.lost(expected)),
        doubled=len(facts.doubled),
        unknown=facts.states["unknown"],
        on_wire=expected.on_wire,
        rejected=facts.states["rejected"],
        skipped=facts.states["skipped"],
        seconds=round(seconds, 1),
        verdict="FAILED" if wrong else "passed",
        faults=wrong,
    )


def header() -> str:
    return f"{'scenario':{NAME}}" + "".join(f"{name:>9}" for name in COLUMNS)


def line(each: Account) -> str:
    values = "".join(f"{getattr(each, name):>9}" for name in COLUMNS)
    return "\n".join([f"{each.scenario:{NAME}}{values}", *(f"  {fault}" for fault in each.faults)])


def write(path: Path, accounts: Sequence[Account], skipped: dict[str, str]) -> None:
    passed = bool(accounts) and all(each.verdict == "passed" for each in accounts)
    report = {"passed": passed, "scenarios": [asdict(each) for each in accounts], "not_run": skipped}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
