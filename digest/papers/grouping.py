"""A catalogue in; which of its rows are one paper, with those they have to do with, and what that paper shows, out.

Most rows of a batch are papers by themselves and are left alone. Of the others the neighbourhood is read: who bears
their names, who bears theirs, and so on, and who is merged with any of them. What `partition` says of these rows then
holds, whatever was so before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from digest.models import Paper, Separation
from digest.papers import names, statements
from digest.papers.catalogue import Catalogue, Row
from digest.papers.identity import Name, rank
from digest.papers.partition import CROWD, Node, Place, partition
from digest.sources import identifiers


class Grouping:
    """`places` says of each row in question which row stands for its paper, and who its members are."""

    def __init__(self, catalogue: Catalogue, rows: Iterable[Row]) -> None:
        self.catalogue = catalogue
        self.names: dict[Row, set[Name]] = {}
        self.bearers: dict[Name, set[Row]] = {}
        self.crowded: set[Name] = set()
        frontier = set(rows)
        while frontier:
            frontier = self._named(frontier) | self._merged(frontier) - self.names.keys()
        self.places = self._partition()
        for row, place in self.places.items():
            self._show(row, place)

    def final(self, row: Row) -> Row:
        """The row that stands for the paper of this one."""
        return cast(Row, self.places[row].id) if row in self.places else row

    def holder(self, name: Name) -> Row | None:
        """The row that a name means: the best of those who bear it; nobody that is known where a crowd does."""
        found = self.bearers.get(name)
        return min(found, key=lambda row: rank(row.key)) if found and name not in self.crowded else None

    def _named(self, rows: set[Row]) -> set[Row]:
        """Note the names of the rows; gives those who bear any of them and are not known yet."""
        stored = names.names_of([row.paper.id for row in rows if row.is_saved])
        for row in rows:
            self.names[row] = {row.key} | row.given | stored.get(row.paper.id, set())
        fresh = {name for row in rows for name in self.names[row]} - self.bearers.keys()
        ids = names.bearers(fresh)
        expanded = {name for name in fresh if len(ids.get(name, ())) <= CROWD}
        found = {pk for name in expanded for pk in ids.get(name, ())} - self.catalogue.saved.keys()
        self.catalogue.load("id = ANY(%(ids)s)", ids=found)
        for name in fresh:
            saved = {self.catalogue.saved[pk] for pk in ids.get(name, ()) if pk in self.catalogue.saved}
            self.bearers[name] = saved | self.catalogue.bearers.get(name, set())
            if len(ids.get(name, set())) > CROWD or len(self.bearers[name]) > CROWD:
                self.crowded.add(name)
        return {row for name in expanded for row in self.bearers[name]} - self.names.keys()

    def _merged(self, rows: set[Row]) -> set[Row]:
        """The rows that these are merged with."""
        ids = {row.paper.id for row in rows if row.is_saved}
        into = {row.paper.merged_into_id for row in rows if row.paper.merged_into_id}
        either = "id = ANY(%(into)s) OR merged_into_id = ANY(%(all)s)"
        return set(self.catalogue.load(either, into=into, all=ids | into)) if ids else set()

    def _partition(self) -> dict[Row, Place]:
        nodes = [Node(row, row.key, given, row.paper.authors) for row, given in self.names.items()]
        places = partition(nodes, self._apart(), self.crowded)
        return {cast(Row, row): place for row, place in places.items()}

    def _apart(self) -> Collection[frozenset[object]]:
        saved = self.catalogue.saved
        ids = {row.paper.id for row in self.names if row.is_saved}
        pairs = Separation.objects.filter(one__in=ids, other__in=ids).values_list("one", "other") if ids else []
        return {frozenset((saved[one], saved[other])) for one, other in pairs}

    def _show(self, row: Row, place: Place) -> None:
        """Let the row that stands for a paper show what all of its rows state, and every other its own."""
        members = cast(tuple[Row, ...], place.members) if place.id is row else (row,)
        before = row.stored or {name: getattr(row.paper, name) for name in (*Paper.STATED, "own")}
        statements.show(
            row.paper, {**statements.shown([member.paper for member in members]), "doi": self._doi(members)}
        )
        row.is_changed |= any(getattr(row.paper, name) != value for name, value in before.items())

    def _doi(self, members: Collection[Row]) -> str | None:
        """The first of those that mean one of the rows."""
        given = {name for member in members for name in self.names[member] if name[0] == identifiers.DOI_SCHEME}
        return min((value for scheme, value in given if self.holder((scheme, value)) in members), default=None)


def touched(catalogue: Catalogue) -> list[Row]:
    """The rows that may have to do with others: by a name they share, or because they were joined to some before."""
    shared = {
        row
        for name, rows in catalogue.bearers.items()
        if len(rows) + len(catalogue.stored_bearers.get(name, ())) > 1
        for row in rows
    }
    return [
        row
        for row in catalogue.rows.values()
        if (row in shared and (row.given or not row.is_saved)) or (row.is_saved and (row.is_changed or row.given))
    ]


def group(catalogue: Catalogue) -> Grouping:
    """The batch's papers."""
    return Grouping(catalogue, touched(catalogue))


def regroup(papers: Iterable[int], now: Any) -> tuple[Catalogue, Grouping]:
    """The neighbourhood of stored rows, looked at anew."""
    catalogue = Catalogue((), now=now, is_sample=False)
    rows = catalogue.load("id = ANY(%(ids)s)", ids=list(papers))
    return catalogue, Grouping(catalogue, rows)
