"""What stands beside a backup: of which database, how many rows of each table, and a checksum of it all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from digest.errors import BackupError

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Backup:
    """`size` in bytes, `counts` as rows by table."""

    path: Path
    vendor: str
    verified: bool
    size: int
    sha256: str
    counts: Counts

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def write(path: Path, vendor: str, counts: Counts, *, verified: bool) -> Backup:
    backup = Backup(path, vendor, verified, path.stat().st_size, _checksum(path), counts)
    fields = {name: value for name, value in asdict(backup).items() if name != "path"}
    path.with_suffix(".json").write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    return backup


def read(path: Path) -> Backup:
    """Raises `BackupError` unless the file is whole, byte for byte as it was made."""
    try:
        backup = Backup(path, **json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        size = path.stat().st_size
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{path} and the .json file beside it are needed: {error}") from error
    if size != backup.size:
        raise BackupError(f"{path.name} has {size} bytes, and had {backup.size} when it was made")
    if _checksum(path) != backup.sha256:
        raise BackupError(f"{path.name} is not what it was when it was made: its checksum differs")
    return backup


def differences(expected: Counts, found: Counts) -> str:
    """As in "digest_paper 4 instead of 5"; empty if there are none."""
    names = sorted(expected.keys() | found.keys())
    wrong = [name for name in names if expected.get(name) != found.get(name)]
    return ", ".join(f"{name} {found.get(name)} instead of {expected.get(name)}" for name in wrong)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
