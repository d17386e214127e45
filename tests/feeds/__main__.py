"""Visit every hostile feed in every variant, and the family of slow ones; print the table, write it as JSON.

Exit code: 0 if every aim was met, 1 if not, 2 if a service or the data is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import pytest

from tests import services
from tests.feeds import report
from tests.feeds.running import Site, folder


def main() -> int:
    asked = parser().parse_args()
    if not services.SHARED_DATA.is_dir():
        services.missing(f"reference data is absent: {services.SHARED_DATA}")
    started = time.monotonic()
    with services.postgres_database() as url, folder() as place:
        site = Site(url, Path(place))
        sample = ["--sample", str(asked.sample)] if asked.sample else []
        visits = [] if asked.only_family else site.visits(asked.processes, *sample)
        rows, faults = site.audited()
        family = site.visits(1, "--family")
        faults += site.audited()[1][len(faults) :]
    found = report.summary(visits, family, rows=rows, faults=faults)
    found["seconds"] = round(time.monotonic() - started)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(found, indent=2) + "\n")
    print(report.table(found))
    return 0 if found["passed"] else 1


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m tests.feeds", description=__doc__)
    arguments.add_argument("--processes", type=int, default=2, help="how many visit at once, up to 32; on Linux")
    arguments.add_argument("--sample", type=int, help="that many of the files, always the same ones")
    arguments.add_argument("--only-family", action="store_true", help="the slow ones alone")
    arguments.add_argument("--json", type=Path, default=Path("var", "test-feeds.json"))
    return arguments


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (pytest.skip.Exception, pytest.fail.Exception) as absent:
        print(f"Not run: {absent} (see make system-deps)", file=sys.stderr)
        sys.exit(2)
