"""RIS: a line a field, as `TI  - A title`, from TY to ER."""

from __future__ import annotations

import re
from collections import defaultdict

from digest.interests.references.entry import Entry, Read, entry

LINE = re.compile(r"([A-Z][A-Z0-9])  ?-(?: (.{0,4000}))?")
AT_ALL = re.compile(r"^\ufeff?\s{0,40}TY  ?- ", re.MULTILINE)
TITLES, AUTHORS, TOLD_BY = ("TI", "T1"), ("AU", "A1"), ("DO", "UR", "L1", "L2", "M3", "N1", "M1", "AN")

Fields = dict[str, list[str]]


def looks_like(given: str) -> bool:
    return AT_ALL.search(given) is not None


def read(given: str) -> Read:
    found = Read()
    fields: Fields = defaultdict(list)
    for line in given.splitlines():
        if not (tagged := LINE.match(line.strip()[:5000])):
            continue
        if tagged[1] in ("TY", "ER") and fields:
            found.add(_entry(fields), next(iter(fields.get("TI", ["RIS entry"]))))
            fields = defaultdict(list)
        if tagged[1] not in ("TY", "ER"):
            fields[tagged[1]].append((tagged[2] or "").strip())
    if fields:
        found.add(_entry(fields), next(iter(fields.get("TI", ["RIS entry"]))))
    return found


def _entry(fields: Fields) -> Entry | None:
    title = next((value for tag in TITLES for value in fields.get(tag, ()) if value), "")
    authors = [name for tag in AUTHORS for name in fields.get(tag, ())]
    written = [value for tag in TOLD_BY for value in fields.get(tag, ()) if " " not in value]
    return entry(title, authors, written)
