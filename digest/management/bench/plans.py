"""Takes the ledger's statements as they run; gives how PostgreSQL goes about each: its time, its indexes, its scans."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction

from subscriptions import sql


@dataclass
class Explained:
    """One statement. `scans` are tables read from end to end; `milliseconds` of its own run, triggers included."""

    name: str
    statement: str
    milliseconds: float
    rows: int
    indexes: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)


@contextmanager
def explained(name: str) -> Iterator[list[Explained]]:
    """While inside, every statement is run once under EXPLAIN ANALYZE, undone, and then run in earnest."""
    found: list[Explained] = []

    def note(statement: str, values: dict[str, Any]) -> None:
        found.append(_explained(name, statement, values))

    rows, change = sql.rows, sql.change

    def watched_rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        note(statement, values)
        return rows(statement, **values)

    def watched_change(statement: str, **values: Any) -> int:
        note(statement, values)
        return change(statement, **values)

    with patch.object(sql, "rows", watched_rows), patch.object(sql, "change", watched_change):
        yield found


@contextmanager
def explained_all(name: str, tables: Collection[str]) -> Iterator[list[Explained]]:
    """The same for every statement that names one of the tables, also those of Django's own making."""
    found: list[Explained] = []

    def note(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        if statement.lstrip().startswith(("SELECT", "(SELECT", "INSERT", "UPDATE", "DELETE")) and any(
            table in statement for table in tables
        ):
            explained = _explained(name, statement, values)
            named = [table for table in tables if table in statement]
            found.append(replace(explained, statement=f"{statement.split()[0].lstrip('(')} {', '.join(named)}"))
        return execute(statement, values, many, context)

    with connection.execute_wrapper(note):
        yield found


def _explained(name: str, statement: str, values: Any) -> Explained:
    """Run under EXPLAIN ANALYZE, and undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        (plan,) = cursor.fetchone()[0] if cursor.description else ({},)
        transaction.set_rollback(True)
    return _read(name, statement, plan)


def _read(name: str, statement: str, plan: Any) -> Explained:
    if isinstance(plan, str):
        plan = json.loads(plan)
    first = statement.split()
    result = Explained(name, " ".join(first[:3]), round(plan["Execution Time"], 2), plan["Plan"]["Actual Rows"])
    _walk(plan["Plan"], result)
    return result


def _walk(node: dict[str, Any], result: Explained) -> None:
    used = [*filter(None, [node.get("Index Name")]), *node.get("Conflict Arbiter Indexes", [])]
    result.indexes += [index for index in used if index not in result.indexes]
    if node["Node Type"].endswith("Seq Scan"):
        result.scans.append(node["Relation Name"])
    for below in node.get("Plans", []):
        _walk(below, result)
