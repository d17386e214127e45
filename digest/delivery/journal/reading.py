"""Takes the files of runs on this machine that are gone; gives what became of everything they had claimed."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from digest.delivery.journal.format import ACCEPTED, IN_DOUBT, KIND, NEVER_LEFT, SUFFIX, boot_id, database, folder
from digest.delivery.outcomes import Fault, Outcome, Result

logger = logging.getLogger(__name__)


@dataclass
class Abandoned:
    """A journal whose run is gone: what it had claimed, what of that had been leaving, and the answers that came."""

    run: UUID
    path: Path
    same_boot: bool
    database: str
    claimed: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    answers: dict[int, Result] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)

    def answered(self, pk: int, result: Result) -> None:
        """A refusal counts once something was accepted after it, as it does in the run itself (`Health`)."""
        self.answers[pk] = result
        if result.outcome is Outcome.ACCEPTED:
            self.held.clear()
        elif result.outcome is Outcome.REJECTED:
            self.held.add(pk)

    def results(self) -> dict[int, Result]:
        """What became of every claim, as far as this machine knows. Nobody received what was refused: it is queued."""
        known = {**self.answers, **dict.fromkeys(self.held, NEVER_LEFT)}
        return {pk: known.get(pk) or (IN_DOUBT if pk in self.left else NEVER_LEFT) for pk in self.claimed}


def abandoned() -> Iterator[Abandoned]:
    """Journals of runs on this machine that are gone; each is deleted once the caller comes back for the next one."""
    for path in sorted(folder().glob(f"*{SUFFIX}")):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:  # another worker of this machine was faster
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(path, handle):
                found = _read_or_set_aside(path)
                if found and found.database != database():
                    continue
                if found:
                    yield found
                path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)


def set_aside(path: Path) -> None:
    """What cannot be settled must not stop every run to come; its claims wait for the ledger's own deadline."""
    logger.error("%s cannot be settled and is set aside", path)
    path.replace(path.with_suffix(".bad"))


def _read_or_set_aside(path: Path) -> Abandoned | None:
    try:
        return _read(path)
    except (ValueError, LookupError, TypeError):
        set_aside(path)
        return None


def _is_current(path: Path, handle: int) -> bool:
    """Whether the name still means the file that was opened: a run may have begun it anew, or ended."""
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _read(path: Path) -> Abandoned | None:
    """None for a file that was never begun. Lines that were cut off by a full disk are passed over."""
    lines = path.read_bytes().split(b"\n")
    kind, _, rest = lines[0].decode(errors="replace").rpartition(f"{KIND} ")
    fields = rest.split()
    if kind or len(fields) != 3 or len(lines) < 2:
        return None
    found = Abandoned(UUID(hex=fields[0]), path, same_boot=fields[1] == boot_id() != "unknown", database=fields[2])
    for line in lines[1:-1]:  # behind the last newline there is nothing, or half a line
        with suppress(ValueError):
            _understand(found, line.decode(errors="replace"))
    return found


def _understand(found: Abandoned, line: str) -> None:
    step, _, rest = line.partition(" ")
    match step:
        case "c":
            ids = set(map(int, rest.split()))
            found.claimed |= ids
            found.left -= ids
            found.held -= ids
            for pk in ids:
                found.answers.pop(pk, None)
        case "l":
            found.left |= set(map(int, rest.split()))
        case "a":
            key, _, answer = rest.partition(" ")
            found.answered(int(key), _from_json(json.loads(answer)) if answer else ACCEPTED)


def _from_json(stored: dict[str, Any]) -> Result:
    return Result(**{**stored, "outcome": Outcome(stored["outcome"]), "fault": Fault(stored["fault"])})
