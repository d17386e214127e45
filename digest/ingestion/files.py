"""Stored replies and collections in (JSON, JSON Lines, any feed; .gz and .tar too), their `SourceRun` out."""

from __future__ import annotations

import gzip
import logging
import tarfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from digest.errors import SourceError
from digest.ingestion import outcomes
from digest.ingestion.refusals import Refusals
from digest.models import Outcome, Source, SourceRun
from digest.papers import IngestCounts, ingest
from digest.sources import FetchedPaper, Refusal, parsing, text
from digest.sources.inflate import gunzip

logger = logging.getLogger(__name__)
BATCH = 500  # what the pipes to and from the parser hold meanwhile, so that it reads on while they are stored
LARGEST_FILE = 64 * 1024 * 1024  # unpacked; JSON Lines are read line by line and may be larger, as may archives
LARGEST_HEADER = 16 * 1024  # what an archive may say about one member
LONGEST_LINE = 16 * 1024 * 1024
LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
ARCHIVES = (".tar", ".tar.gz", ".tgz")

SeenAt = date | Literal["listed"] | None
Progress = Callable[[float, int], None]
Result = FetchedPaper | Refusal
# What a damaged file can raise while it is read.
UNREADABLE = (SourceError, OSError, EOFError, zlib.error, tarfile.TarError)


def import_file(
    path: Path | str,
    now: datetime,
    progress: Progress = lambda share, received: None,
    *,
    source: Source | None = None,
    is_sample: bool = False,
    seen_at: SeenAt = None,
) -> SourceRun:
    """Ingest a file in batches of 500, each a transaction; repeating it changes nothing.

    `progress` is told the share of the file that is read (0 to 1) and the papers received so far. Papers count as
    seen, and their signals as read, at `now`; for back-filling, on the day `seen_at`, or with "listed" each on the day
    that its own listing gives. With `source` they count as listed by it; but the run is no visit of it, and says
    nothing of how it is doing. A file that cannot be read ends as failed, with what had been stored up to there in its
    account.
    """
    path = Path(path)
    run = SourceRun.objects.create(source_name=text.line(path.name, 100), started_at=now)
    started = time.monotonic()
    counts, refused = IngestCounts(), Refusals()
    outcome, message = Outcome.FAILED, "interrupted"
    try:
        size = max(path.stat().st_size, 1)
        with path.open("rb") as raw:
            results = read_file(raw, path.name)
            while batch := list(islice(results, BATCH)):
                papers = list(unrefused(batch, refused))
                counts += store(papers, source=source, now=now, is_sample=is_sample, seen_at=seen_at)
                progress(min(raw.tell() / size, 1.0), counts.received + len(refused))
        outcome, message = judge(counts, refused)
    except UNREADABLE as error:
        # An error of the system names its number and the whole path, which says no more.
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        outcome, message = Outcome.FAILED, f"{path.name}: {words}"
    finally:
        counts += IngestCounts(refused=len(refused))
        note = f"imported from a file; its papers count as listed by {source}" if source else ""
        message = outcomes.told(refused, "\n".join(filter(None, (message, note))))
        close(run, counts, outcome, message, now + timedelta(seconds=time.monotonic() - started))
    return run


def unrefused(batch: list[Result], refused: Refusals) -> Iterator[FetchedPaper]:
    """The papers among the results; what is refused is noted."""
    for result in batch:
        if isinstance(result, Refusal):
            refused.add(result)
        else:
            yield result


def read_file(raw: BinaryIO, name: str) -> Iterator[Result]:
    """Everything in the file, read as it goes where the format allows it."""
    if name.endswith(ARCHIVES):
        yield from read_archive(raw)
    elif name.endswith(LINES):
        yield from parsing.read_lines(lines_of(unpacked(raw)))
    else:
        yield from read_reply(raw.read(LARGEST_FILE + 1), name)


def unpacked(raw: BinaryIO) -> BinaryIO | gzip.GzipFile:
    is_packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if is_packed else raw


def lines_of(handle: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """Lines of bounded length: the pieces of a longer one are refused, one by one, as broken JSON."""
    return iter(lambda: handle.readline(LONGEST_LINE), b"")


def read_reply(stored: bytes, name: str) -> Iterator[Result]:
    """One stored reply of any format the adapters know. Raises SourceError."""
    if len(stored) > LARGEST_FILE:
        raise SourceError(f"larger than {LARGEST_FILE:,} bytes", permanent=True)
    body = gunzip(stored, LARGEST_FILE)
    feed = parsing.parse_stored(body, name.removesuffix(".gz"))
    yield from feed.papers
    yield from feed.refused


def read_archive(raw: BinaryIO) -> Iterator[Result]:
    """Every file of an archive, each by itself: one that cannot be read is refused and does not cost the others."""
    bounded = Bounded(unpacked(raw))
    with tarfile.open(fileobj=bounded, mode="r:") as archive:  # type: ignore[call-overload]
        while member := archive.next():
            archive.members = []  # it would remember every one
            handle = archive.extractfile(member) if member.isreg() else None
            if handle is None:
                continue
            try:
                yield from read_reply(bounded.within(LARGEST_FILE + 1, handle.read), member.name)
            except SourceError as error:
                yield Refusal(str(error), text.line(member.name, 200))


class Bounded:
    """A file to read archives from, which gives no more at once than is asked for sensibly.

    What a header says of itself is read at once, then searched by patterns that take time with its square.
    """

    def __init__(self, file: BinaryIO | gzip.GzipFile) -> None:
        self.file = file
        self.most = LARGEST_HEADER
        self.seek, self.tell = file.seek, file.tell

    def within(self, most: int, read: Callable[[int], bytes]) -> bytes:
        """So much of a member; what is not read so is a header."""
        self.most = most
        try:
            return read(most)
        finally:
            self.most = LARGEST_HEADER

    def read(self, size: int) -> bytes:
        if not 0 <= size <= self.most:
            raise tarfile.ReadError(f"a header of more than {self.most:,} bytes")
        return self.file.read(size)


def store(
    papers: list[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool, seen_at: SeenAt
) -> IngestCounts:
    """Ingest under the moment that each paper counts as seen."""
    by_moment: dict[datetime, list[FetchedPaper]] = defaultdict(list)
    for paper in papers:
        by_moment[seen(paper, now, seen_at)].append(paper)
    counts = IngestCounts()
    for moment, group in sorted(by_moment.items(), key=lambda item: item[0]):
        counts += ingest(group, source=source, now=moment, is_sample=is_sample)
    return counts


def seen(paper: FetchedPaper, now: datetime, seen_at: SeenAt) -> datetime:
    """Noon (UTC) of the day, never later than now; a paper that gives no listing day was seen now."""
    day = paper.listed_on if seen_at == "listed" else seen_at
    return min(now, datetime.combine(day, clock_time(12), UTC)) if day else now


def judge(counts: IngestCounts, refused: Refusals) -> tuple[Outcome, str]:
    if refused and not counts.received:
        return Outcome.FAILED, f"none of {len(refused)} records is a paper"
    return (Outcome.FRESH if counts.new or counts.updated else Outcome.QUIET), ""


def close(run: SourceRun, counts: IngestCounts, outcome: Outcome, message: str, finished_at: datetime) -> None:
    run.outcome, run.message, run.finished_at = outcome, message, finished_at
    run.received, run.refused = counts.received, counts.refused
    run.new, run.known, run.updated = counts.new, counts.known, counts.updated
    run.save()
