"""A batch that is grouped but not written yet in; how many of its papers are new, known and updated out."""

from __future__ import annotations

from dataclasses import dataclass

from digest.papers.catalogue import Catalogue, Row
from digest.papers.grouping import Grouping
from digest.papers.statements import Change


@dataclass(frozen=True, slots=True)
class IngestCounts:
    """What became of the fetched papers; the four add up to their number."""

    new: int = 0
    known: int = 0
    updated: int = 0
    refused: int = 0

    def __add__(self, other: IngestCounts) -> IngestCounts:
        return IngestCounts(
            self.new + other.new, self.known + other.known, self.updated + other.updated, self.refused + other.refused
        )

    @property
    def received(self) -> int:
        return self.new + self.known + self.updated + self.refused


def counted(catalogue: Catalogue, grouping: Grouping, *, refused: int) -> IngestCounts:
    """A paper is new when none of its rows was there before; a new row of a known paper may update what it shows."""
    known = {grouping.final(row) for row in grouping.places if row.is_saved}
    changes: list[Change] = []
    for mention in catalogue.mentions:
        final = grouping.final(mention.row)
        changes.append(what_became(final, mention.change) if is_known(final, known) else mention.change)
        known.add(final)
    return IngestCounts(
        new=changes.count(Change.NEW),
        known=changes.count(Change.KNOWN),
        updated=changes.count(Change.UPDATED),
        refused=refused,
    )


def is_known(final: Row, known: set[Row]) -> bool:
    return final.is_saved or final in known


def what_became(final: Row, change: Change) -> Change:
    """Of a mention of a paper that was known: its row may still be a new one."""
    if change != Change.NEW:
        return change
    return Change.UPDATED if final.is_changed or not final.is_saved else Change.KNOWN
