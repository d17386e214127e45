"""Takes the ledger's statements as they run; gives how PostgreSQL goes about each: its time, its indexes, its scans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
            (plan,) = cursor.fetchone()[0] if cursor.description else ({},)
            transaction.set_rollback(True)
        found.append(_read(name, statement, plan))

    rows, change = sql.rows, sql.change

    def watched_rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        note(statement, values)
        return rows(statement, **values)

    def watched_change(statement: str, **values: Any) -> int:
        note(statement, values)
        return change(statement, **values)

    with patch.object(sql, "rows", watched_rows), patch.object(sql, "change", watched_change):
        yield found


def _read(name: str, statement: str, plan: Any) -> Explained:
    if isinstance(plan, str):
        plan = json.loads(plan)
    first = statement.split()
    result = Explained(name, " ".join(first[:3]), round(plan["Execution Time"], 2), plan["Plan"]["Actual Rows"])
    _walk(plan["Plan"], result)
    return result


def _walk(node: dict[str, Any], result: Explained) -> None:
    if index := node.get("Index Name"):
        if index not in result.indexes:
            result.indexes.append(index)
    elif node["Node Type"].endswith("Seq Scan"):
        result.scans.append(node["Relation Name"])
    for below in node.get("Plans", []):
        _walk(below, result)
