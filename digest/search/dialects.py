"""Takes groups of words, gives the expression that each database's full text search has for them.

Words hold letters and digits alone, labels full stops and hyphens, too (`entries`): quoted, none is an operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Term = tuple[str, ...]  # a word, and what may stand in its place
Groups = Sequence[Sequence[Term]]  # any of these groups, each of them whole


def tsquery(needed: Sequence[Groups], without: Sequence[str] = ()) -> str:
    """For PostgreSQL's `@@`: all that is needed in one place. What is not wanted belongs there, too: by itself it would
    be looked for in every row."""
    parts = [
        _any([_all([_any(map(_lexeme, term), "|") for term in group], "&") for group in groups], "|")
        for groups in needed
    ]
    return _all([*parts, *(f"!{_lexeme(word)}" for word in without)], "&")


def fts5(fields: Sequence[tuple[str, Groups]], without: Sequence[str] = ()) -> str:
    """For SQLite's MATCH. `fields` are pairs of a column ("" for any) and what is needed there; at least one."""
    needed = _all([f"{column} : {_groups(groups)}" if column else _groups(groups) for column, groups in fields], "AND")
    return f"{needed} NOT {_any(map(_token, without), 'OR')}" if without else needed


def _groups(groups: Groups) -> str:
    return _any([_all([_any(map(_token, term), "OR") for term in group], "AND") for group in groups], "OR")


def _any(parts: Iterable[str], operator: str) -> str:
    return f"({f' {operator} '.join(parts)})"


_all = _any


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _token(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
