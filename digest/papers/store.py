"""A catalogue and its grouping in, rows written in a handful of statements out, whatever the number of papers."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db import connection

from digest.models import Identifier, Paper, Source
from digest.papers import facts, names
from digest.papers.catalogue import Catalogue
from digest.papers.identity import Name, rank
from digest.papers.record import STORED, values
from digest.sources.language import language_of

LOCK = 0x50415045  # any number, as long as it is always the same
WRITTEN = [*Paper.STATED, "version", "language", "stated_in", "own", "updated_at"]
MOST_VALUES = 30_000  # in a statement: SQLite takes 32,766
Values = tuple[Any, ...]
FIRST_DAY = """
    ON CONFLICT (paper_id, source_id) DO UPDATE SET listed_on = excluded.listed_on
    WHERE excluded.listed_on IS NOT NULL
    AND (digest_listing.listed_on IS NULL OR excluded.listed_on < digest_listing.listed_on)
"""


def take_turn() -> None:
    """Wait until no other transaction is ingesting: what is read from here on stays true until commit.

    SQLite's transactions take the write lock at their beginning; PostgreSQL needs to be told.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def tune() -> None:
    """Settings for this transaction on PostgreSQL.

    It reaches the disk within a second, not before the next one begins: if the server crashes meanwhile the sources
    bring the papers again, and the run's own account is committed after them, as usual, so only once they are safe.
    Rows are found by their names, never by reading a table: for some hundred names the planner would read one of a
    hundred thousand rows, at each batch.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true)"
            )


def write(catalogue: Catalogue, *, source: Source | None, now: datetime) -> None:
    """Rows, then their names, then what hangs on them. Merging comes after, and lets that follow to the papers."""
    write_rows(catalogue, now)
    write_names(catalogue)
    if source:
        write_listings(catalogue, source, now)
    write_signals(catalogue, now)
    write_facts(catalogue, source.slug if source else "", now)


def write_rows(catalogue: Catalogue, now: datetime) -> None:
    """What is there already by an upsert, one statement for many rows, as an UPDATE would be one each."""
    fresh = [row.paper for row in catalogue.rows.values() if not row.is_saved]
    for paper, pk in zip(fresh, new_ids("digest_paper", len(fresh)), strict=True):
        paper.id = pk
    changed = [row.paper for row in catalogue.rows.values() if row.is_saved and row.is_changed]
    for paper in (*fresh, *changed):
        paper.language = language_of(paper.title, paper.abstract)
    load("digest_paper", STORED, values(fresh, now))
    assignments = ", ".join(f"{name} = excluded.{name}" for name in WRITTEN)
    insert("digest_paper", STORED, values(changed, now), f"ON CONFLICT (id) DO UPDATE SET {assignments}")
    load("digest_unindexed", ("paper_id",), [(paper.id,) for paper in (*fresh, *changed)])


def write_names(catalogue: Catalogue) -> None:
    """A name means the best row that bears it; the others only claim it."""
    given = [(row, name) for row in catalogue.rows.values() for name in row.given]
    means = [(row.paper.id, name) for row, name in given if not is_shared(catalogue, name)]
    bearers: dict[Name, dict[str, int]] = defaultdict(dict)
    for row, name in given:
        if is_shared(catalogue, name):
            bearers[name][row.paper.key] = row.paper.id
    held = names.holders(bearers)
    keys = dict(Paper.objects.filter(pk__in=held.values()).values_list("pk", "key"))
    claims: list[tuple[int, Name]] = []
    for name, fresh in bearers.items():
        rows = {**fresh, **({keys[held[name]]: held[name]} if name in held else {})}
        best = rows.pop(min(rows, key=key_rank))
        if name not in held:
            means.append((best, name))
        elif best != held[name]:
            Identifier.objects.filter(scheme=name[0], value=name[1]).update(paper=best)
        claims += [(paper, name) for paper in rows.values()]
    columns = ("paper_id", "scheme", "value")
    load("digest_identifier", columns, [(paper, *name) for paper, name in means])
    insert("digest_claim", columns, [(paper, *name) for paper, name in claims], "ON CONFLICT DO NOTHING")


def key_rank(key: str) -> tuple[int, str]:
    scheme, _, value = key.partition(":")
    return rank((scheme, value))


def is_shared(catalogue: Catalogue, name: Name) -> bool:
    return len(catalogue.bearers[name]) + len(catalogue.stored_bearers.get(name, ())) > 1


def write_listings(catalogue: Catalogue, source: Source, now: datetime) -> None:
    """Who listed what, and the first day that it was news: a replacement is none, so it has no day."""
    days: dict[int, date | None] = {}
    for mention in catalogue.mentions:
        paper, day = mention.row.paper.id, None if mention.fetched.is_replacement else mention.fetched.listed_on
        days[paper] = min(filter(None, (days.get(paper), day)), default=None)
    seen = connection.ops.adapt_datetimefield_value(now)
    rows = [(paper, source.pk, connection.ops.adapt_datefield_value(day), seen) for paper, day in days.items()]
    insert("digest_listing", ("paper_id", "source_id", "listed_on", "first_seen_at"), rows, FIRST_DAY)


def write_signals(catalogue: Catalogue, now: datetime) -> None:
    """One reading a day and kind: a later one of the same day replaces it."""
    readings = {
        (mention.row.paper.id, kind): value
        for mention in catalogue.mentions
        for kind, value in mention.fetched.signals.items()
    }
    day = connection.ops.adapt_datefield_value(now.date())
    rows = [(paper, kind, value, day) for (paper, kind), value in readings.items()]
    replaced = "ON CONFLICT (paper_id, kind, observed_on) DO UPDATE SET value = excluded.value"
    insert("digest_signal", ("paper_id", "kind", "value", "observed_on"), rows, replaced)


def write_facts(catalogue: Catalogue, source: str, now: datetime) -> None:
    """The first day a source said so stays."""
    columns = ("paper_id", "kind", "value", "source", "said_on", "digest", "stored_at")
    day, stored_at = connection.ops.adapt_datefield_value, connection.ops.adapt_datetimefield_value(now)
    rows = [(*row[:4], day(row[4]), row[5], stored_at) for row in facts.rows(catalogue.mentions, source, now)]
    insert("digest_fact", columns, rows, "ON CONFLICT DO NOTHING")


def insert(table: str, columns: tuple[str, ...], rows: list[Values], otherwise: str = "") -> None:
    """A few statements for any number of rows; what becomes of one that is there already is said by `otherwise`."""
    step = MOST_VALUES // len(columns)
    line = f"({', '.join(['%s'] * len(columns))})"
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([line] * len(part))} {otherwise}"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for row in part for value in row])


def load(table: str, columns: tuple[str, ...], rows: list[Values]) -> None:
    """Rows that are not there yet, by the database's fastest way in: COPY, or one prepared statement."""
    if not rows:
        return
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django gives its own errors for what a cursor executes, not for what it copies.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608


def new_ids(table: str, number: int) -> list[int]:
    """Ids for rows to come. Nobody else adds rows to these tables meanwhile: see `take_turn`."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, number]
            )
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + 1 + number))
