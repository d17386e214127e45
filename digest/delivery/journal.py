"""Takes what a sending run claims, sends and is answered; gives a local file that outlives the process.

A claim says in the database that a message may be on its way; the journal says, on this machine, whether it really
was. One line a step is written before the step is taken, without syncing: the kernel keeps what a killed process wrote,
and only a crash of the machine loses it, which the boot id in the first line gives away.

    paperboy 1 <run> <boot id> <database>
    c 17 18 19                   claimed; written before the claim is committed
    l 17 18                      leaving: from here on they may be accepted
    a 17 {"outcome": ...}        answered

The file is locked for as long as its run lives. A file that can be locked belongs to a run that is gone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from digest.delivery.outcomes import Fault, Outcome, Result

logger = logging.getLogger(__name__)

KIND = "paperboy 1"
SUFFIX = ".wire"
TORN = b"!\n"
LONGEST = 4_000_000  # bytes
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WireJournal:
    """One run's file. Writing raises OSError where it cannot be written: then nothing may leave."""

    def __init__(self, run: UUID | None = None) -> None:
        self.run = run or uuid4()
        self.path = folder() / f"{self.run.hex}{SUFFIX}"
        self._file, self._size, self._is_torn = -1, 0, False
        self._answers: list[bytes] = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._begin()

    def claimed(self, ids: Iterable[int]) -> None:
        # Answers first: what is said of a message before it is claimed once more is not about this claim.
        self._write(self._take_answers() + f"c {' '.join(map(str, ids))}\n".encode())

    def leaving(self, ids: Iterable[int]) -> None:
        self._write(self._take_answers() + f"l {' '.join(map(str, ids))}\n".encode())

    def answered(self, pk: int, result: Result) -> None:
        """Written before the next one leaves: until then nothing has taken this one's place on the wire."""
        if result == ACCEPTED:
            self._answers.append(b"a %d\n" % pk)
        else:
            self._answers.append(f"a {pk} {json.dumps(_as_json(result))}\n".encode())

    def flush(self) -> None:
        """Write the answers that wait for something to leave."""
        if self._answers:
            self._write(self._take_answers())

    def _take_answers(self) -> bytes:
        answers, self._answers = b"".join(self._answers), []
        return answers

    def settled(self, claimed: Collection[int], on_wire: Collection[int]) -> None:
        """Everything but these is in the database: once the file has grown long, begin it anew with them alone."""
        if self._size < LONGEST:
            return
        old = self._file
        lines = [("c", claimed), ("l", on_wire)]
        self._begin("".join(f"{step} {' '.join(map(str, ids))}\n" for step, ids in lines if ids))
        os.close(old)

    def close(self) -> None:
        """The run is over and everything is recorded."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self.abandon()

    def abandon(self) -> None:
        """The run is over, but not everything could be recorded: leave the file to the next run on this machine."""
        if self._file >= 0:
            with suppress(OSError):
                self.flush()
            os.close(self._file)
            self._file = -1

    def _begin(self, lines: str = "") -> None:
        """A file that is locked and complete before it takes the name: nobody ever finds it otherwise.

        Where that fails, as on a full disk, nothing is left of it, and an older file goes on.
        """
        before = self._file, self._size, self._is_torn
        partial = self.path.with_suffix(".part")
        partial.unlink(missing_ok=True)
        self._file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._size, self._is_torn = 0, False
            self._write(f"{KIND} {self.run.hex} {boot_id()} {database()}\n{lines}".encode())
            partial.rename(self.path)
        except BaseException:
            os.close(self._file)
            self._file, self._size, self._is_torn = before
            partial.unlink(missing_ok=True)
            raise

    def _write(self, line: bytes) -> None:
        """A line that is cut off by a full disk is made void by the one after it: half a number is another number."""
        line = TORN * self._is_torn + line
        written = os.write(self._file, line)
        self._size += written
        self._is_torn = written != len(line)
        if self._is_torn:
            raise OSError(errno.ENOSPC, "The wire journal cannot be written whole", str(self.path))


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


ACCEPTED = Result(Outcome.ACCEPTED)
IN_DOUBT = Result(Outcome.UNKNOWN, "The worker ended while the message was on the wire", fault=Fault.OURS)
NEVER_LEFT = Result(Outcome.RETURNED, fault=Fault.OURS)


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


def folder() -> Path:
    return Path(settings.DATA_DIR) / "wire"


def boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def database() -> str:
    """Whose claims a journal is about, in a word: several databases may be used from one folder, as by tests."""
    parts = [str(connection.settings_dict.get(name)) for name in ("HOST", "PORT", "NAME")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


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


def _as_json(result: Result) -> dict[str, Any]:
    return result._asdict()


def _from_json(stored: dict[str, Any]) -> Result:
    return Result(**{**stored, "outcome": Outcome(stored["outcome"]), "fault": Fault(stored["fault"])})
