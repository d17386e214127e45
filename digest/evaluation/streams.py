"""Takes a folder of recorded streams; gives their records one at a time, so that memory holds no whole file of text.

Papers are read by the adapter that ingestion reads such files by: what is evaluated is what would be stored. What it
refuses is left out.

`arxiv.jsonl.gz` papers, `listed.jsonl.gz` what a community listed and voted on, `events.tsv` who listed what and when,
`queries.jsonl` searches with graded candidates, `meta.json` the days before which something may be learned.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from digest.errors import EvaluationError
from digest.ranking import PaperText, text_of, trend
from digest.sources import papers_json
from digest.sources.base import UnusableEntry

FILES = ("arxiv.jsonl.gz", "listed.jsonl.gz", "events.tsv", "queries.jsonl", "meta.json")
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of a paper on its first day."""

    id: str
    day: date
    text: PaperText


@dataclass(frozen=True, slots=True)
class VotedPaper:
    """What a reader of the community's list sees. The counters are from a later day, which no recording tells."""

    text: PaperText
    upvotes: int = 0
    comments: int = 0
    stars: int = 0


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper and the day on which the community listed it."""

    id: str
    day: date
    content: VotedPaper


@dataclass(frozen=True, slots=True)
class Event:
    """A member put a paper on the list."""

    day: date
    user: str
    paper: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the papers a search is to put in order."""

    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Search:
    query: str
    candidates: tuple[Candidate, ...]
    grades: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """A folder that is complete. Each method reads its file anew."""

    folder: Path
    background_before: date
    train_before: date

    def papers(self, start: date = date.min, end: date = date.max) -> Iterator[Paper]:
        """Papers whose first day is in [start, end). No other is read."""
        return self._rows("arxiv.jsonl.gz", lambda row: _paper(row) if start <= _first_day(row) < end else None)

    def listed(self) -> Iterator[ListedPaper]:
        return self._rows("listed.jsonl.gz", _listed)

    def events(self) -> Iterator[Event]:
        with (self.folder / "events.tsv").open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter="\t"), start=2):
                yield _read(_event, row, f"events.tsv, line {number}")

    def searches(self) -> Iterator[Search]:
        return self._rows("queries.jsonl", _search)

    def _rows(self, name: str, read: Callable[[Any], Record | None]) -> Iterator[Record]:
        """What is read as None is left out."""
        path = self.folder / name
        opener = gzip.open if name.endswith(".gz") else open
        try:
            with opener(path, "rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        with suppress(UnusableEntry):
                            record = _read(lambda text: read(json.loads(text)), line, f"{name}, line {number}")
                            if record is not None:
                                yield record
        except (OSError, EOFError) as error:
            raise EvaluationError(f"{path} cannot be read: {error}") from error


def open_recording(folder: Path) -> Recording:
    """The recording in a folder. EvaluationError says what is absent or cannot be read."""
    if not folder.is_dir():
        raise EvaluationError(f"There is no folder {folder}: nothing was evaluated")
    absent = [name for name in FILES if not (folder / name).is_file()]
    if absent:
        raise EvaluationError(f"{folder} lacks {', '.join(absent)}: nothing was evaluated")
    return _read(lambda path: _recording(folder, json.loads(path.read_bytes())), folder / "meta.json", "meta.json")


def _recording(folder: Path, meta: Mapping[str, Any]) -> Recording:
    topics, trend = meta["topics"]["background_before"], meta["trend"]["train_before"]
    return Recording(folder, date.fromisoformat(topics), date.fromisoformat(trend))


def _read(read: Callable[[Any], Record], raw: object, where: str) -> Record:
    try:
        return read(raw)
    except UnusableEntry:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvaluationError(f"{where}: {type(error).__name__}: {error}") from error


def _first_day(row: Mapping[str, Any]) -> date:
    return date.fromisoformat(row["first_day"])


def _paper(row: Mapping[str, Any]) -> Paper:
    return Paper(row["id"], _first_day(row), text_of(papers_json.read(row)))


def _listed(row: Mapping[str, Any]) -> ListedPaper:
    fetched = papers_json.read(row)
    votes = {kind: fetched.signals.get(kind, 0) for kind in trend.KINDS}
    return ListedPaper(row["id"], date.fromisoformat(row["day"]), VotedPaper(text_of(fetched), **votes))


def _event(row: Mapping[str, str]) -> Event:
    return Event(date.fromisoformat(row["day"]), row["user"], row["paper"])


def _search(row: Mapping[str, Any]) -> Search:
    candidates = tuple(Candidate(each["title"], each["abstract"] or "") for each in row["candidates"])
    return Search(row["query"], candidates, tuple(float(each["grade"]) for each in row["candidates"]))
