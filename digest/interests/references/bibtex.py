"""BibTeX: entries in braces. Read in one pass, as the libraries take 18 s for 5,000 entries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.interests.references.entry import Entry, Read, UnreadableReferences, entry
from digest.sources import people

BEGINNING = re.compile(r"@[ \t]{0,8}([A-Za-z]{1,40})\s{0,8}[{(]")
AT_ALL = re.compile(r"^\s{0,40}@[ \t]{0,8}[A-Za-z]{1,40}\s{0,8}[{(]", re.MULTILINE)
BRACKET = re.compile(r"[{})]")
FIELD = re.compile(r"\s*,?\s*([A-Za-z][\w:.+-]{0,60})\s*=\s*")
BARE = re.compile(r"[^\s,{}\"#]{1,200}")
LONGEST_ENTRY = 50_000  # characters
MOST_BROKEN = 100
NO_PAPER = frozenset({"comment", "preamble", "string"})
JOINED = re.compile(r"\s*#\s*")
QUOTE = re.compile(r'[{}"]')
TOLD_BY = ("eprint", "doi", "url", "howpublished", "note")


def looks_like(given: str) -> bool:
    return AT_ALL.search(given) is not None


def read(given: str) -> Read:
    """What is broken costs itself: the next entry begins where the next @word{ stands."""
    found, place, broken = Read(), 0, 0
    while beginning := BEGINNING.search(given, place):
        end = closing(given, beginning.end(), is_round=beginning[0].endswith("("))
        if end is None:
            broken += 1
            if broken > MOST_BROKEN:
                raise UnreadableReferences("This BibTeX is broken: braces that are opened are not closed.")
            place = beginning.end()
            found.add(None, given[beginning.start() : beginning.start() + 200])
            continue
        place = end + 1
        if beginning[1].lower() not in NO_PAPER:
            body = given[beginning.end() : end]
            found.add(_entry(dict(fields(body))), given[beginning.start() : beginning.start() + 200])
    return found


def closing(given: str, start: int, *, is_round: bool = False) -> int | None:
    """Where the brace, or round bracket, that was opened before `start` is closed."""
    depth = 0
    for mark in BRACKET.finditer(given, start, start + LONGEST_ENTRY):
        if depth == 0 and mark[0] == (")" if is_round else "}"):
            return mark.start()
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
    return None


def fields(body: str) -> Iterator[tuple[str, str]]:
    """Names in small letters, and values without their outer braces or quotes."""
    place = body.find(",")
    while place >= 0 and (name := FIELD.match(body, place)):
        value, place = _value(body, name.end())
        yield name[1].lower(), value


def _value(body: str, place: int) -> tuple[str, int]:
    """Pieces that `#` joins, and the place behind them, or -1 where nothing can be read any more."""
    pieces = []
    while True:
        piece, place = _piece(body, place)
        if place < 0:
            return "", -1
        pieces.append(piece)
        rest = JOINED.match(body, place)
        if not rest:
            return "".join(pieces), place
        place = rest.end()


def _piece(body: str, place: int) -> tuple[str, int]:
    opening = body[place : place + 1]
    if opening == "{":
        end = closing(body, place + 1)
        return (body[place + 1 : end], end + 1) if end is not None else ("", -1)
    if opening == '"':
        end = _quote(body, place + 1)
        return (body[place + 1 : end], end + 1) if end is not None else ("", -1)
    bare = BARE.match(body, place)
    return (bare[0], bare.end()) if bare else ("", -1)


def _quote(body: str, start: int) -> int | None:
    """The quote that ends a value stands outside of all braces."""
    depth = 0
    for mark in QUOTE.finditer(body, start):
        depth += {"{": 1, "}": -1, '"': 0}[mark[0]]
        if mark[0] == '"' and depth == 0:
            return mark.start()
    return None


def _entry(given: dict[str, str]) -> Entry | None:
    written = [given.get(name, "").replace("{", "").replace("}", "") for name in TOLD_BY]
    archive = given.get("archiveprefix", given.get("eprinttype", "arxiv")).strip().lower()
    if archive != "arxiv":
        written = written[1:]
    return entry(given.get("title", ""), people.split(given.get("author", "")), filter(_is_name, written))


def _is_name(written: str) -> bool:
    """Notes and journals say many things; only what names a paper by itself counts."""
    return " " not in written.strip()
