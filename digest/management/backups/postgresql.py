"""A PostgreSQL database, by pg_dump and pg_restore; it comes back beside the present one, and then takes its name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from psycopg import sql

from digest.errors import BackupError
from digest.management.backups.manifest import Counts, differences

JOBS = "2"


def dump(path: Path) -> Counts:
    """What is counted and what is dumped are one snapshot, whatever is written meanwhile."""
    with _connected(_name()) as database:
        database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        [snapshot] = database.execute("SELECT pg_export_snapshot()").fetchone() or [""]
        _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}", _name())
        return _counts(database)


def tried(path: Path) -> Counts:
    """Rows by table, of a scratch database that the dump was put back into; it is gone afterwards."""
    with _put_back(path) as (_, counts):
        return counts


def replace(path: Path, counts: Counts, now: datetime) -> str:
    connection.close()
    _nobody_else()
    with _put_back(path) as (scratch, found):
        if wrong := differences(counts, found):
            raise BackupError(f"{path.name} has other rows than when it was made: {wrong}")
        kept = f"{_name()}_before_{now:%Y%m%d%H%M%S}"
        _nobody_else()
        with _connected("postgres") as server:
            _rename(server, _name(), kept)
            try:
                _rename(server, scratch, _name())
            except psycopg.Error:
                _rename(server, kept, _name())
                raise
    return f"database {kept}"


@contextmanager
def _put_back(path: Path) -> Iterator[tuple[str, Counts]]:
    scratch = f"{_name()}_scratch_{os.getpid()}"
    with _connected("postgres") as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch)))
    try:
        _run("pg_restore", "--no-owner", "--exit-on-error", f"--jobs={JOBS}", f"--dbname={scratch}", str(path))
        with _connected(scratch) as database:
            counts = _counts(database)
        yield scratch, counts
    finally:
        with _connected("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(scratch)))


def _nobody_else() -> None:
    with _connected("postgres") as server:
        row = server.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [_name()]).fetchone()
    if row and row[0]:
        raise BackupError(f"{row[0]} connections to {_name()} are open: stop web, workers and beat first")


def _rename(server: psycopg.Connection[Any], before: str, after: str) -> None:
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after)))


def _counts(database: psycopg.Connection[Any]) -> Counts:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    counts: Counts = {}
    for (name,) in database.execute(tables).fetchall():
        [counts[name]] = database.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
        ).fetchone() or [0]
    return counts


@contextmanager
def _connected(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own: what is done here is no part of anybody's transaction."""
    known = ("host", "port", "user", "password", "sslmode", "sslrootcert", "passfile")
    given = {key: value for key, value in connection.get_connection_params().items() if key in known}
    try:
        with psycopg.connect(dbname=database, autocommit=True, **given) as link:
            yield link
    except psycopg.Error as error:
        raise BackupError(f"{database}: {str(error).strip()}") from error


def _run(program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is not installed: it comes with PostgreSQL's client programs")
    command, variables = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    place = command[1:-1]  # between psql and the database's name: user, host, port
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(  # noqa: S603  # PostgreSQL's own program, given our own settings
        [path, *place, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[:500]}")


def _name() -> str:
    return str(connection.settings_dict["NAME"])
