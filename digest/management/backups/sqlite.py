"""A SQLite database, by SQLite's own backup interface: a moment of it, while others read and write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection

from digest.errors import BackupError
from digest.management.backups.manifest import Counts, differences

WAIT_SECONDS = 20


def dump(path: Path) -> Counts:
    _copy(_live(), path)
    return tried(path)


def tried(path: Path) -> Counts:
    """Rows by table, after SQLite has looked at every page."""
    with _opened(path) as database:
        if (verdict := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise BackupError(f"{path.name} is damaged: {verdict}")
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = sorted(name for (name,) in tables.fetchall())
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def replace(path: Path, counts: Counts, now: datetime) -> str:
    if wrong := differences(counts, tried(path)):
        raise BackupError(f"{path.name} has other rows than when it was made: {wrong}")
    live = _live()
    kept = live.with_name(f"{live.name}.before-{now:%Y%m%dT%H%M%SZ}")
    connection.close()
    if live.exists():
        kept.touch(mode=0o600)
        _copy(live, kept)
    _copy(path, live)
    return str(kept)


def _copy(source: Path, target: Path) -> None:
    """In one transaction of the target's: whoever is reading it sees all of it, or what was there before."""
    with _opened(source) as origin, _opened(target) as copy:
        origin.backup(copy)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as database:
            yield database
    except sqlite3.Error as error:
        raise BackupError(f"{path.name}: {error}") from error


def _live() -> Path:
    return Path(str(connection.settings_dict["NAME"]))
