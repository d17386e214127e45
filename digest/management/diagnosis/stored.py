"""The database: whether it answers, has every table, and hashes by a key that we have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from digest.management import rekeying
from digest.management.diagnosis.findings import Finding, fine, first_line, wrong
from subscriptions.models import Topic


def database(now: datetime) -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        yield from schema(len(pending))
        if not pending:
            yield from journal()
    except DatabaseError as error:
        yield wrong(f"The database does not answer: {first_line(error)}", "Start it, or correct DATABASE_URL.")


def schema(pending: int) -> Iterator[Finding]:
    if pending:
        yield wrong(f"{pending} migrations are not applied.", "Run manage.py migrate.")
    else:
        yield fine(f"{connection.display_name} answers, and every migration is applied.")
        if not Topic.objects.filter(is_active=True).exists():
            yield wrong("No topic is active.", "Add or activate topics in the admin; readers cannot choose any.")


def journal() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if mode not in ("wal", "memory"):
        remedy = "Keep the file on a local disk: network file systems cannot do it, and readers then wait for writers."
        yield wrong(f"SQLite's journal mode is {mode}, not wal.", remedy)


def keys(now: datetime) -> Iterator[Finding]:
    """Whether suppressed addresses are recognised by SUPPRESSION_KEY."""
    found = rekeying.standing()
    if strange := rekeying.strange(found):
        text = f"{strange} hashes of addresses were made by a key that is not set: whom they suppress is written to."
        yield wrong(text, "Add that key to SUPPRESSION_KEY_FORMER, then run manage.py rehash_addresses.")
    if outdated := rekeying.outdated(found):
        text = f"{outdated} hashes of addresses were made by a former key: whom they suppress is written to."
        yield wrong(text, "Run manage.py rehash_addresses.")
    if not strange and not outdated:
        yield fine("Suppressed addresses are recognised.")
