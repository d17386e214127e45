"""Fetched papers in; `Paper`, `Listing` and `Signal` rows out: one row a paper, whatever door it came through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from digest.models import Source
from digest.papers import store
from digest.papers.catalogue import Catalogue
from digest.papers.changes import Change
from digest.sources import FetchedPaper

__all__ = ["IngestCounts", "ingest"]

BATCH = 1000  # papers a transaction: long enough to be fast, short enough not to keep other writers waiting


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


def ingest(
    fetched: Sequence[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool = False
) -> IngestCounts:
    """Store the papers, who listed them and their signals as of `now`'s day (UTC).

    Each batch of 1,000 is one transaction; batches of concurrent calls take turns, so that two workers with the same
    feed leave one row a paper. Papers are `known` when nothing about them changed but their signals.
    """
    counts = IngestCounts()
    for batch in batches(fetched):
        with transaction.atomic():
            store.take_turn()
            counts += ingest_batch(batch, source=source, now=now, is_sample=is_sample)
    return counts


def ingest_batch(
    batch: Sequence[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool
) -> IngestCounts:
    usable = [paper for paper in batch if paper.title.strip()]
    catalogue = Catalogue(usable, now=now, is_sample=is_sample)
    changes = [catalogue.add(paper) for paper in usable]
    store.write(catalogue, source=source, now=now)
    return IngestCounts(
        new=changes.count(Change.NEW),
        known=changes.count(Change.KNOWN),
        updated=changes.count(Change.UPDATED),
        refused=len(batch) - len(usable),
    )


def batches(fetched: Sequence[FetchedPaper]) -> Iterator[Sequence[FetchedPaper]]:
    return (fetched[start : start + BATCH] for start in range(0, len(fetched), BATCH))
