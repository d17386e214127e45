"""Run every scenario, or those named; print what each did as a table, and write it to a file as JSON.

Exit code: 0 if every audit passed, 1 if one failed, 2 if a service is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chaos.audit import Expected, Facts, faults
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.site import CHUNK, WINDOW, Site, seed
from tests.services import RedisServer, postgres_database

COLUMNS = ("readers", "received", "twice", "accepted", "unknown", "skipped", "seconds", "verdict")


@dataclass(frozen=True)
class Account:
    """A line of the table, and what was wrong."""

    scenario: str
    readers: int
    received: int
    twice: int
    accepted: int
    unknown: int
    skipped: int
    seconds: float
    verdict: str
    faults: list[str]


def main() -> int:
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="paperboy-chaos-") as folder, postgres_database() as template:
        seed(template, arguments.readers, Path(folder))
        print(f"{'scenario':20}", *(f"{name:>8}" for name in COLUMNS), flush=True)
        accounts = []
        for name in arguments.scenarios or SCENARIOS:
            accounts.append(run(name, template, Path(folder) / name.replace(" ", "-")))
            show(accounts[-1])
    passed = all(account.verdict == "passed" for account in accounts)
    write(arguments.json, accounts, passed)
    return 0 if passed else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"any of: {', '.join(SCENARIOS)}")
    parser.add_argument("--readers", type=int, default=240)
    parser.add_argument("--json", type=Path, help="the file to write")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if arguments.readers < 4 * CHUNK:
        parser.error(f"at least {4 * CHUNK} readers, so that three workers have something to do")
    return arguments


def run(name: str, template: str, folder: Path) -> Account:
    folder.mkdir()
    with site_from(template, folder) as site:
        began, trouble, expected = time.monotonic(), [], Expected(0, 10**9)
        try:
            expected = SCENARIOS[name](site)
        except (AssertionError, TimeoutError) as error:
            trouble.append(str(error))
        seconds, facts = time.monotonic() - began, site.facts()
        return account(name, facts, seconds, trouble + faults(facts, expected))


@contextmanager
def site_from(template: str, folder: Path) -> Iterator[Site]:
    redis = RedisServer(folder)
    redis.start()
    try:
        with postgres_database(urlsplit(template).path[1:]) as url, Site(folder, url, redis.url, redis) as site:
            yield site
    finally:
        redis.stop()


def account(name: str, facts: Facts, seconds: float, trouble: list[str]) -> Account:
    return Account(
        scenario=name,
        readers=facts.readers,
        received=facts.received.total(),
        twice=len(facts.twice),
        accepted=facts.states["accepted"],
        unknown=facts.states["unknown"],
        skipped=facts.states["skipped"],
        seconds=round(seconds, 1),
        verdict="FAILED" if trouble else "passed",
        faults=trouble,
    )


def show(account: Account) -> None:
    print(f"{account.scenario:20}", *(f"{getattr(account, name):>8}" for name in COLUMNS), flush=True)
    for fault in account.faults:
        print(f"  {fault}", flush=True)


def write(path: Path | None, accounts: list[Account], passed: bool) -> None:
    report = {"passed": passed, "window": WINDOW, "chunk": CHUNK, "scenarios": [asdict(each) for each in accounts]}
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (pytest.skip.Exception, pytest.fail.Exception) as absent:
        print(f"Not run: {absent} (see make system-deps)", file=sys.stderr)
        sys.exit(2)
