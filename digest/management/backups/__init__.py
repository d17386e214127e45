"""Takes the configured database, gives a file that is proved to hold it; and the way back, with nothing lost on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType

from django.db import connection

from digest.errors import BackupError
from digest.management.backups import postgresql, sqlite
from digest.management.backups.manifest import Backup, Counts, differences, read, write

# Each has dump(path) -> counts, tried(path) -> counts, replace(path, counts, now) -> where the former is.
ENGINES: dict[str, ModuleType] = {"postgresql": postgresql, "sqlite": sqlite}
PATTERN = "paperboy-*.backup"


def back_up(folder: Path, now: datetime, *, verify: bool = True) -> Backup:
    """A new backup in `folder`, readable by its owner alone; raises `BackupError`, and leaves none then.

    It is one moment of the database, which may go on meanwhile. Verified means: put back into a scratch database, where
    every table had as many rows as at that moment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"paperboy-{now:%Y%m%dT%H%M%SZ}.backup"
    partial = path.with_suffix(".partial")
    try:
        partial.touch(mode=0o600)
        counts: Counts = _engine().dump(partial)
        if verify:
            _compare(counts, _engine().tried(partial))
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return write(path, connection.vendor, counts, verified=verify)


def restore(path: Path, now: datetime) -> str:
    """Put a backup in the place of the database; gives where what was there before is kept.

    Raises `BackupError` for one that is damaged, or of another kind of database, before anything is changed.
    """
    backup = read(path)
    if backup.vendor != connection.vendor:
        raise BackupError(f"{path.name} is of {backup.vendor}, and DATABASE_URL names {connection.vendor}")
    kept: str = _engine().replace(path, backup.counts, now)
    return kept


def prune(folder: Path, keep: int) -> Iterator[Path]:
    """Delete all backups but the newest `keep`; gives those that went."""
    for path in sorted(folder.glob(PATTERN))[:-keep]:
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
        yield path


def _compare(expected: Counts, found: Counts) -> None:
    if wrong := differences(expected, found):
        raise BackupError(f"put back, it had other rows: {wrong}")


def _engine() -> ModuleType:
    return ENGINES[connection.vendor]


__all__ = ["Backup", "BackupError", "back_up", "prune", "restore"]
