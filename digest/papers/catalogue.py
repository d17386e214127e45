"""A batch of fetched papers in; the rows they are about, in memory, out: found, and changed as the records demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from digest.models import Paper
from digest.papers import names, record, statements
from digest.papers.identity import Name, Named, named
from digest.papers.record import Record
from digest.papers.statements import Change
from digest.sources import FetchedPaper


@dataclass(eq=False, slots=True)
class Row:
    """A row of the table as it is to be. Its paper holds what its own records state until it is shown.

    `given` are the names that this batch gave it, `stored` what the table has where it shows more than its own.
    """

    paper: Record
    is_saved: bool
    is_changed: bool = False
    given: set[Name] = field(default_factory=set)
    stored: dict[str, Any] | None = None

    @property
    def key(self) -> Name:
        scheme, _, value = self.paper.key.partition(":")
        return scheme, value


@dataclass(eq=False, slots=True)
class Mention:
    """What a fetched paper turned out to be about, and what it did to that row."""

    fetched: FetchedPaper
    row: Row
    change: Change


class Catalogue:
    """The rows that a batch names, by their keys and ids, and who bears the names it gives."""

    def __init__(self, fetched: Sequence[FetchedPaper], *, now: datetime, is_sample: bool) -> None:
        self.now = now
        self.is_sample = is_sample
        self.rows: dict[str, Row] = {}
        self.saved: dict[int, Row] = {}
        records = [(paper, named(paper)) for paper in fetched]
        self.load("key = ANY(%(keys)s)", keys={":".join(given.key) for _, given in records})
        self.mentions = [self._add(paper, given) for paper, given in records]
        self.bearers: dict[Name, set[Row]] = defaultdict(set)
        for row in self.rows.values():
            for name in row.given:
                self.bearers[name].add(row)
        self.stored_bearers = names.bearers(self.bearers)
        self._forget_what_is_stored()

    def load(self, condition: str, **values: Collection[int | str]) -> list[Row]:
        """The rows that `record.read` gives, those that are in memory already as they are there."""
        return [self.saved.get(paper.id) or self._enter(paper) for paper in record.read(condition, **values)]

    def _enter(self, paper: Record) -> Row:
        row = self.rows[paper.key] = self.saved[paper.id] = Row(paper, is_saved=True)
        if paper.own is not None:
            row.stored = {name: getattr(paper, name) for name in (*Paper.STATED, "own")}
            statements.take_own(paper)
        return row

    def _add(self, fetched: FetchedPaper, given: Named) -> Mention:
        key = ":".join(given.key)
        row = self.rows.get(key)
        if row is None:
            paper = statements.created(fetched, given, now=self.now, is_sample=self.is_sample)
            row = self.rows[key] = Row(paper, is_saved=False)
            change = Change.NEW
        else:
            changed = statements.apply(row.paper, fetched, given, now=self.now, is_sample=self.is_sample)
            row.is_changed |= changed
            change = Change.UPDATED if changed else Change.KNOWN
        row.given.update(given.names)
        return Mention(fetched, row, change)

    def _forget_what_is_stored(self) -> None:
        for row in self.saved.values():
            row.given = {name for name in row.given if not self._is_stored(name, row)}

    def _is_stored(self, name: Name, row: Row) -> bool:
        return name == row.key or row.paper.id in self.stored_bearers.get(name, ())
