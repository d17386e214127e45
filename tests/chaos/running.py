"""Takes names of scenarios; runs each on one site, and gives an account of it."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.audit import Expected
from tests.chaos.cluster import PostgresCluster
from tests.chaos.report import Account, account
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.site import Site, seed
from tests.services import RedisServer

FULL = {"processes killed": 20_000}
FULL_READERS, FULL_CHUNK = 600, 100
SHORT = {
    "processes killed": 300,
    "SIGTERM in the middle": 100,
    "Redis flushed": 100,
    "PostgreSQL restarted": 100,
    "4xx, 5xx, 421 at random": 100,
    "550 5.7.1 to everyone": 100,
    "hangs up after DATA": 100,
    "password changed": 300,
    "readers leave": 100,
}
SHORT_CHUNK = 40


@contextmanager
def site(readers: int, chunk: int) -> Iterator[Site]:
    """Everything but Celery's processes, which the scenarios start."""
    with tempfile.TemporaryDirectory(prefix="paperboy-chaos-") as name, PostgresCluster() as cluster:
        folder = Path(name)
        redis = RedisServer(folder)
        seed(cluster.url(), readers, folder)
        redis.start()
        try:
            with Site(folder, cluster, "postgres", redis, chunk) as place:
                yield place
        finally:
            redis.stop()


def run(place: Site, name: str, readers: int) -> Account:
    """pytest's Skipped where this machine cannot do it."""
    began, expected, trouble = time.monotonic(), Expected(), ""
    place.begin(readers)
    try:
        expected = SCENARIOS[name](place)
    except (AssertionError, TimeoutError, RuntimeError) as error:
        trouble = f"{type(error).__name__}: {error}"
        print(place.logs(), file=sys.stderr)
    found = account(name, place.facts(), expected, time.monotonic() - began, trouble)
    if trouble:
        place.clear()  # what is still on its way would be counted against the next one
    return found


def run_all(wanted: dict[str, int], chunk: int, skipped: dict[str, str]) -> Iterator[Account]:
    with site(max(wanted.values()), chunk) as place:
        for name, readers in wanted.items():
            try:
                yield run(place, name, readers)
            except (pytest.skip.Exception, pytest.fail.Exception) as absent:
                skipped[name] = str(absent)


def wanted(names: Sequence[str], readers: int | None, *, short: bool) -> dict[str, int]:
    known = SHORT if short else {name: FULL.get(name, FULL_READERS) for name in SCENARIOS}
    chosen = {name: known.get(name, FULL_READERS) for name in (names or known)}
    return {name: readers or number for name, number in chosen.items()}
