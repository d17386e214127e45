"""CSL JSON, as Zotero and citation processors write it: a list of items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from digest.interests.references.entry import Entry, Read, UnreadableReferences, entry
from digest.sources import json_values

TOLD_BY = ("number", "DOI", "URL", "note")
LONGEST_NOTE = 2000


def read(given: str) -> Read:
    try:
        document = json_values.parsed(given.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise UnreadableReferences("This looks like JSON, and is broken.") from None
    items = document.get("items", [document]) if isinstance(document, dict) else document
    found = Read()
    for item in items if isinstance(items, list) else ():
        is_item = isinstance(item, dict)
        found.add(_entry(item) if is_item else None, json_values.text(item, "title", "id") if is_item else str(item))
    return found


def _entry(item: dict[str, Any]) -> Entry | None:
    written = [piece for name in TOLD_BY for piece in json_values.text(item, name)[:LONGEST_NOTE].split()]
    return entry(json_values.text(item, "title"), _authors(item.get("author")), written[:40])


def _authors(given: Any) -> Iterator[str]:
    for person in given[:50] if isinstance(given, list) else ():
        if isinstance(person, dict):
            parts = (json_values.text(person, name) for name in ("literal", "given", "family"))
            yield " ".join(filter(None, parts))
