"""JSON of any shape in, values of the expected type out: a wrong type counts as absent, never as an error."""

from __future__ import annotations

import json
from typing import Any

from digest.errors import SourceError
from digest.sources.markup import refuse_html


def load(body: bytes) -> Any:
    """The document. Raises SourceError for HTML and broken JSON; mislabelled bytes are read as well as can be."""
    if not body.strip():
        raise SourceError("empty reply")
    refuse_html(body)
    try:
        return parsed(body)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"broken JSON: {str(error)[:200]}") from error


def parsed(body: bytes) -> Any:
    """Python's reading, but for numbers of thousands of digits: one of those is no reason to refuse all the rest."""
    return _decoder.decode(decoded(body))


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits[:400])


_decoder = json.JSONDecoder(parse_int=_number)


def decoded(body: bytes) -> str:
    encoding = json.detect_encoding(body)
    return body.decode(encoding, "replace")


def text(record: Any, *names: str) -> str:
    """The first of these fields that holds text or a number."""
    for name in names:
        found = record.get(name)
        if found is None:
            continue
        if isinstance(found, str) and found.strip():
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
    return ""


def number(record: Any, *names: str) -> int | None:
    """The first of these fields that holds a count; a count may be written as text."""
    for name in names:
        found = record.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        if isinstance(found, float) and found.is_integer():
            return int(found)
        if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit() and len(found) < 12:
            return int(found)
    return None


def counts(**found: int | None) -> dict[str, int]:
    return {name: value for name, value in found.items() if value is not None}


def names(record: Any, *fields: str) -> list[str] | str:
    """Names in a list of strings or of objects with a name, or one string that is still to be split."""
    for field in fields:
        found = record.get(field)
        if isinstance(found, str) and found.strip():
            return found
        if isinstance(found, list) and found:
            return [name for entry in found if (name := _name(entry))]
    return []


def _name(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict) or entry.get("hidden") is True:
        return ""
    return text(entry, "name", "fullname", "full_name") or f"{text(entry, 'given')} {text(entry, 'family')}".strip()
