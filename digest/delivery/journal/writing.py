"""Takes one run's steps as they are taken; gives lines in its file."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from uuid import UUID, uuid4

from digest.delivery.journal.format import ACCEPTED, KIND, SUFFIX, boot_id, database, folder
from digest.delivery.outcomes import Result

TORN = b"!\n"
LONGEST = 4_000_000  # bytes


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
            self._answers.append(f"a {pk} {json.dumps(result._asdict())}\n".encode())

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
