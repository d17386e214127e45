"""Takes text of any kind; finds out which, and has it read."""

from __future__ import annotations

import re

from digest.interests.references import bibtex, csl, ris
from digest.interests.references.entry import MOST_CHARACTERS, Entry, Read, UnreadableReferences, entry, named
from digest.sources import text as texts

WORDS_OF_A_TITLE = 3  # fewer are a slip rather than a title
APART = re.compile(r"[\s,;]+")
PREFIX = re.compile(r"^(?:[-*•\[(]|\d{1,4}[.)])\s+")


def decoded(body: bytes) -> str:
    """A file's text: UTF-8 as everybody writes it, else as old programs did."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
        return body.decode(encoding, "replace")


def read(given: str) -> Read:
    """The references in the text. UnreadableReferences where there are none, or too many."""
    if len(given) > MOST_CHARACTERS:
        raise UnreadableReferences(f"This is longer than {MOST_CHARACTERS // 10**6} million characters.")
    given = given.replace("\0", "").strip()
    if not given:
        raise UnreadableReferences("There is nothing in it.")
    found = _read(given)
    if not found.entries:
        raise UnreadableReferences(
            "No paper could be recognised. Give arXiv ids, DOIs, addresses or titles, one to a line, or BibTeX, RIS or"
            " CSL JSON as Zotero exports them."
        )
    return found


def _read(given: str) -> Read:
    if given[0] in "[{":
        return csl.read(given)
    if ris.looks_like(given):
        return ris.read(given)
    return bibtex.read(given) if bibtex.looks_like(given) else _lines(given)


def _lines(given: str) -> Read:
    """Identifiers and addresses in any number on a line; a line without any is a title."""
    found = Read()
    for line in filter(None, (texts.line(PREFIX.sub("", each[:2000]), 1000) for each in given.splitlines())):
        names = [name for piece in APART.split(line) if (name := named(piece.strip("<>()[]\"'.")))]
        for name in dict.fromkeys(names):
            found.add(Entry("", (name,)), line)
        if not names:
            found.add(entry(line, (), ()) if len(line.split()) >= WORDS_OF_A_TITLE else None, line)
    return found
