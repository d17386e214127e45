"""What arXiv's own feeds write into titles and descriptions in, the paper's parts out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from digest.sources import identifiers

LEAD = re.compile(r"^\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<kind>[\w-]+)\s*(?:Abstract:)?\s*", re.IGNORECASE)
OLD_TAIL = re.compile(r"(?P<id>\S{1,40}) ?(?:\[(?P<category>[^\]]{1,40})\])? ?(?P<kind>CROSS LISTED|UPDATED)? ?\)")
LONGEST_TITLE = 5000  # as written; shown are 1,000 at most


@dataclass(frozen=True, slots=True)
class Announcement:
    """`kind` as in today's feeds: new, cross, replace, replace-cross, or nothing where it is not said."""

    title: str
    abstract: str
    identifier: str = ""
    kind: str = ""
    category: str = ""


def announcement(title: str, description: str) -> Announcement:
    """Undo `arXiv:ID Announce Type: ... Abstract: ...` and the old feeds' `Title. (arXiv:ID [category] UPDATED)`."""
    if lead := LEAD.match(description):
        return Announcement(title, description[lead.end() :], lead["id"], lead["kind"].lower())
    title = " ".join(title[:LONGEST_TITLE].split())
    bare, _, tail = title.rpartition("(arXiv:")
    if old := OLD_TAIL.fullmatch(tail):
        kind = {"CROSS LISTED": "cross", "UPDATED": "replace"}.get(old["kind"] or "", "new")
        bare = bare.rstrip().removesuffix(".").rstrip()
        return Announcement(bare, description, old["id"], kind, old["category"] or "")
    return Announcement(title, description)


def is_replacement(kind: str, version: int | None) -> bool:
    return kind.startswith("replace") or (not kind and (version or 1) > 1)


def published(announced: datetime | None, arxiv_id: str, kind: str, version: int | None) -> datetime | None:
    """The announcement's time, unless it is not the paper's first: a replacement, or a late cross-listing, which
    shows by an id given out in an earlier month."""
    if announced is None or is_replacement(kind, version):
        return None
    is_recent = _months(announced.date()) - _months(identifiers.arxiv_month(arxiv_id)) <= 1
    return announced if kind == "new" or is_recent else None


def _months(day: date) -> int:
    return day.year * 12 + day.month
