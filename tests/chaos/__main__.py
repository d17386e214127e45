"""Run every scenario, or those named; print what each did as a table, and write it to a file as JSON.

`latency` and `timeline` are measured instead: what they print is no audit.
Exit code: 0 if every audit passed, 1 if one failed, 2 if a service is missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from tests.chaos import measures, report, running
from tests.chaos.scenarios import SCENARIOS

MEASURES = {"latency": measures.latency, "timeline": measures.timeline}


def main() -> int:
    arguments = parse()
    if arguments.scenarios and arguments.scenarios[0] in MEASURES:
        return MEASURES[arguments.scenarios[0]](arguments.readers)
    wanted = running.wanted(arguments.scenarios, arguments.readers, short=arguments.short)
    print(report.header(), flush=True)
    accounts: list[report.Account] = []
    skipped: dict[str, str] = {}
    for account in running.run_all(wanted, running.SHORT_CHUNK if arguments.short else running.FULL_CHUNK, skipped):
        accounts.append(account)
        print(report.line(account), flush=True)
        if arguments.json:
            report.write(arguments.json, accounts, skipped)
    for name, reason in skipped.items():
        print(f"{name}: not run, as {reason}")
    return 0 if accounts and all(account.verdict == "passed" for account in accounts) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    known = [*SCENARIOS, *MEASURES]
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"any of: {', '.join(known)}")
    parser.add_argument("--readers", type=int, help="how many, for every scenario; at least 60")
    parser.add_argument("--short", action="store_true", help="those that `make check` runs, with fewer readers")
    parser.add_argument("--json", type=Path, help="the file to write")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(known):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (pytest.skip.Exception, pytest.fail.Exception) as absent:
        print(f"Not run: {absent} (see make system-deps)", file=sys.stderr)
        sys.exit(2)
