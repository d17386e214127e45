"""Fetched papers in; `Paper`, `Listing` and `Signal` rows out: one row a paper, whatever door it came through."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import DataError, transaction

from digest.models import Source
from digest.papers import grouping, merging, store
from digest.papers.catalogue import Catalogue
from digest.papers.tally import IngestCounts, counted
from digest.sources import FetchedPaper

__all__ = ["IngestCounts", "compare", "ingest"]

logger = logging.getLogger(__name__)
UNSTORABLE = (DataError, UnicodeError, OverflowError)  # too wide, not to be encoded, too large
BATCH = 1000  # papers a transaction: long enough to be fast, short enough not to keep other writers waiting


def ingest(
    fetched: Sequence[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool = False
) -> IngestCounts:
    """Store the papers, who listed them and their signals as of `now`'s day (UTC).

    Each batch of 1,000 is one transaction, without what cannot be stored; batches of concurrent calls take turns, so
    that two workers with the same feed leave one row a paper. Papers are `known` when nothing about them changed but
    their signals.
    """
    counts = IngestCounts()
    for batch in batches(fetched):
        counts += ingest_all_but_the_unstorable(batch, source=source, now=now, is_sample=is_sample)
    return counts


def compare(fetched: Sequence[FetchedPaper], now: datetime) -> IngestCounts:
    """What `ingest` would make of the papers, without storing any."""
    counts = IngestCounts()
    for batch in batches(fetched):
        catalogue = Catalogue(batch, now=now, is_sample=False)
        counts += counted(catalogue, grouping.group(catalogue), refused=0)
    return counts


def ingest_all_but_the_unstorable(
    batch: Sequence[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool
) -> IngestCounts:
    """One transaction, or, where the database takes offence at a value, halves of it down to the paper that is at
    fault: it is refused, and costs no other."""
    try:
        with transaction.atomic():
            store.take_turn()
            return ingest_batch(batch, source=source, now=now, is_sample=is_sample)
    except UNSTORABLE as error:
        if len(batch) == 1:
            logger.warning("a paper that cannot be stored: %.200r: %s", batch[0].title, error)
            return IngestCounts(refused=1)
    halves = (batch[: len(batch) // 2], batch[len(batch) // 2 :])
    counts = (ingest_all_but_the_unstorable(half, source=source, now=now, is_sample=is_sample) for half in halves)
    return sum(counts, IngestCounts())


def ingest_batch(
    batch: Sequence[FetchedPaper], *, source: Source | None, now: datetime, is_sample: bool
) -> IngestCounts:
    usable = [paper for paper in batch if paper.title.strip()]
    catalogue = Catalogue(usable, now=now, is_sample=is_sample)
    grouped = grouping.group(catalogue)
    counts = counted(catalogue, grouped, refused=len(batch) - len(usable))
    store.write(catalogue, source=source, now=now)
    merging.own(catalogue, source, now)
    merging.carry([row.paper.id for row in catalogue.rows.values() if row.paper.merged_into_id])
    merging.settle(grouped, now)
    return counts


def batches(fetched: Sequence[FetchedPaper]) -> Iterator[Sequence[FetchedPaper]]:
    return (fetched[start : start + BATCH] for start in range(0, len(fetched), BATCH))
