"""Cases in, visits out, by as many processes as are asked for, on a database of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.feeds.collection import HOSTS
from tests.feeds.report import Visit
from tests.services import PROJECT, process_environment


class Site:
    """An empty database of the project, in the processes' environment."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.environment = process_environment(
            DATABASE_URL=database_url, DATA_DIR=str(folder), CACHE_URL="locmemcache://", LOG_LEVEL="CRITICAL",
            FETCH_ALLOW_PRIVATE=",".join(HOSTS), FETCH_PAUSE_SECONDS="0", DJANGO_SETTINGS_MODULE="config.settings",
        )  # fmt: skip
        self.folder = folder
        command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=PROJECT, env=self.environment, check=True)
        with psycopg.connect(database_url, autocommit=True) as connection:
            name = sql.Identifier(connection.info.dbname)
            # Nothing here need outlive a crash.
            connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))

    def visits(self, processes: int, *options: str) -> list[Visit]:
        """What `tests.feeds.work` made of its share in each of the processes."""
        shares = [self.folder / f"{number}.jsonl" for number in range(processes)]
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.feeds.work", str(path), f"{number}/{processes}", *options],
                cwd=PROJECT,
                env=self.environment,
            )
            for number, path in enumerate(shares)
        ]
        ended = [process.wait() for process in started]
        if any(ended):
            raise RuntimeError(f"visiting ended with {ended}")
        return [visit for path in shares for visit in written(path)]

    def audited(self) -> tuple[int, list[str]]:
        """How many papers there are, and what is wrong with them."""
        command = [sys.executable, "-m", "tests.feeds.work", "--audit"]
        told = subprocess.run(command, cwd=PROJECT, env=self.environment, check=True, stdout=subprocess.PIPE).stdout
        found = json.loads(told)
        return found["rows"], found["faults"]


def written(path: Path) -> Iterator[Visit]:
    with path.open() as lines:
        yield from (Visit(**json.loads(line)) for line in lines)


def folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="paperboy-feeds-")
