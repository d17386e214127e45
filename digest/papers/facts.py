"""Fetched papers in, the dated facts they state as plain tuples out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from digest.models import Fact, FactKind
from digest.papers.catalogue import Mention
from digest.sources import FetchedPaper

WIDTH = Fact._meta.get_field("value").max_length or 0
LINK_WORDS = (
    r"(?:for publication|for(?: (?:oral|poster))? presentation|version|as an? [\w-]+(?: paper)?|paper|manuscript|by|at"
    r"|in|to|as|and|presented|for|the|proceedings of|oral|poster|spotlight)"
)
ACCEPTED = re.compile(
    rf"\b(?:accept(?:ed)?|to appear|appeared|published|presented)\b(?: {LINK_WORDS})*:? (?P<venue>[^.;,()]{{2,120}})"
    r"|(?P<first>\b[A-Z][\w'/@-]{1,30}(?: \d{4})?) (?:early )?accept(?:ed)?\b",
    re.IGNORECASE,
)
PERHAPS = ("accept", "appear", "publish", "presented")


FactRow = tuple[int, str, str, str, date, str]


class Stated(NamedTuple):
    kind: FactKind
    value: str


def stated(paper: FetchedPaper) -> Iterator[Stated]:
    """What the record says. A first version is no news; a retraction is a withdrawal by others."""
    if paper.arxiv_id and (paper.version or 1) > 1:
        yield Stated(FactKind.VERSION, str(paper.version))
    if paper.is_retracted:
        yield Stated(FactKind.RETRACTED, "")
    elif paper.is_withdrawn:
        yield Stated(FactKind.WITHDRAWN, str(paper.version or ""))
    if venue := accepted_at(paper.comment):
        yield Stated(FactKind.ACCEPTED, venue)
    for kind, value in (
        (FactKind.JOURNAL, paper.journal_reference),
        (FactKind.LICENSE, paper.license_url),
        (FactKind.CODE, paper.code_url),
        (FactKind.PROJECT, paper.project_url),
    ):
        if value:
            yield Stated(kind, value[:WIDTH])


def accepted_at(comment: str) -> str:
    """The venue that a comment names, in its words: `Accepted at ICML 2026` gives `ICML 2026`."""
    lowered = comment.lower()
    if not any(word in lowered for word in PERHAPS):
        return ""
    venues = ((found["venue"] or found["first"]).strip() for found in ACCEPTED.finditer(comment))
    return next((venue for venue in venues if is_proper(venue)), "")


def is_proper(venue: str) -> bool:
    """A name, not the rest of a sentence: a capital that does not only begin it, or a year."""
    return any(character.isupper() for character in venue[1:]) or any(character.isdigit() for character in venue)


def rows(mentions: Iterable[Mention], source: str, now: datetime) -> list[FactRow]:
    """(paper, kind, value, source, day, digest) of each fact that is stated, each once."""
    found: dict[tuple[int, str], FactRow] = {}
    for mention in mentions:
        day = mention.fetched.listed_on or now.date()
        for kind, value in stated(mention.fetched):
            digest = sha256(f"{kind}\n{value}\n{source}".encode("utf-8", "replace")).hexdigest()[:32]
            row = (mention.row.paper.id, kind.value, value, source, min(day, now.date()), digest)
            found.setdefault((mention.row.paper.id, digest), row)
    return list(found.values())
