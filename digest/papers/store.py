"""A catalogue in, rows written in a handful of statements out, whatever the number of papers."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from digest.models import Listing, Paper, Signal, Source
from digest.papers.catalogue import Catalogue, Entry

LOCK = 0x50415045  # any number, as long as it is always the same
NOT_OURS = {"id", *Paper.EDITORIAL}  # an editor may have written them since the row was read
WRITTEN = [field.name for field in Paper._meta.concrete_fields if field.name not in NOT_OURS]


def take_turn() -> None:
    """Wait until no other transaction is ingesting: what is read from here on stays true until commit.

    SQLite's transactions take the write lock at their beginning; PostgreSQL needs to be told.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def write(catalogue: Catalogue, *, source: Source | None, now: datetime) -> None:
    """Losers first, as they give up identifiers; then changed rows, then new ones, then what hangs on them."""
    for entry in catalogue.joined:
        if entry.is_saved:
            lead_to_winner(entry.paper, entry.final.paper)
    kept = [entry for entry in catalogue.entries if entry.joined_to is None]
    # An upsert by primary key is one statement for any number of rows, where bulk_update writes a CASE a cell.
    Paper.objects.bulk_create(
        [entry.paper for entry in kept if entry.is_saved and entry.is_changed],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=WRITTEN,
    )
    Paper.objects.bulk_create([entry.paper for entry in kept if not entry.is_saved])
    write_losers([entry for entry in catalogue.joined if not entry.is_saved])
    if source:
        write_listings(catalogue, source, now)
    write_signals(catalogue, now)


def lead_to_winner(loser: Paper, winner: Paper) -> None:
    """The loser's row stays, so that stored digests keep their meaning; what hangs on it moves."""
    Paper.objects.filter(pk=loser.pk).update(arxiv_id=loser.arxiv_id, doi=loser.doi, merged_into=winner)
    Paper.objects.filter(merged_into=loser.pk).update(merged_into=winner)
    already = list(winner.listings.values_list("source", flat=True))
    loser.listings.exclude(source__in=already).update(paper=winner)
    loser.listings.all().delete()
    own = set(winner.signals.values_list("kind", "observed_on"))
    moving = [signal.pk for signal in loser.signals.all() if (signal.kind, signal.observed_on) not in own]
    loser.signals.filter(pk__in=moving).update(paper=winner)
    loser.signals.all().delete()


def write_losers(entries: list[Entry]) -> None:
    """Former titles, and rows joined before they were ever written: they lead their titles and identifiers on."""
    for entry in entries:
        entry.paper.merged_into = entry.final.paper
    Paper.objects.bulk_create([entry.paper for entry in entries])


def write_listings(catalogue: Catalogue, source: Source, now: datetime) -> None:
    """Who listed what; the first listing's day stays."""
    days = {entry.final: fetched.listed_on for entry, fetched in reversed(catalogue.mentions)}
    Listing.objects.bulk_create(
        [Listing(paper=entry.paper, source=source, listed_on=day, first_seen_at=now) for entry, day in days.items()],
        ignore_conflicts=True,
    )


def write_signals(catalogue: Catalogue, now: datetime) -> None:
    """One reading a day and kind: a later one of the same day replaces it."""
    readings = {
        (entry.final, kind): value for entry, fetched in catalogue.mentions for kind, value in fetched.signals.items()
    }
    Signal.objects.bulk_create(
        [
            Signal(paper=entry.paper, kind=kind, value=value, observed_on=now.date())
            for (entry, kind), value in readings.items()
        ],
        update_conflicts=True,
        unique_fields=["paper", "kind", "observed_on"],
        update_fields=["value"],
    )
