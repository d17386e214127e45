"""One process's share of the visits: `python -m tests.feeds.work FILE 0/2`; each visit is a line of JSON in FILE."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import django

from tests.feeds import collection, family
from tests.feeds.collection import Case
from tests.feeds.variants import variants
from tests.services import SHARED_DATA

SEED = 20260630
MOST_FAULTS = 1000


def main() -> None:
    asked = parser().parse_args()
    django.setup()
    # They need Django's settings to be there.
    from tests.feeds.audit import faults, stored
    from tests.feeds.visiting import visitor

    if asked.audit:
        rows = list(stored())
        json.dump({"rows": len(rows), "faults": list(itertools.islice(faults(rows), MOST_FAULTS))}, sys.stdout)
        return
    index, count = map(int, asked.share.split("/"))
    with visitor(index) as visiting, asked.file.open("w", buffering=1) as account:
        for case in family.cases() if asked.family else hostile(asked.sample, index, count):
            if asked.family:
                visiting.warm()
            account.write(json.dumps(asdict(visiting.visit(case))) + "\n")


def hostile(sample: int | None, index: int, count: int) -> Iterator[Case]:
    files = sorted(collection.files(SHARED_DATA), key=lambda case: case.name)
    random.Random(SEED).shuffle(files)
    for case in files[:sample][index::count]:
        yield from variants(case)


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m tests.feeds.work", description=__doc__)
    arguments.add_argument("file", type=Path, nargs="?")
    arguments.add_argument("share", nargs="?", default="0/1")
    arguments.add_argument("--family", action="store_true")
    arguments.add_argument("--sample", type=int)
    arguments.add_argument("--audit", action="store_true")
    return arguments


if __name__ == "__main__":
    main()
