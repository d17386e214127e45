"""A record and a row in, the row with what the record states out; and several rows of one paper, what to show of them.

Whatever order records come in, the row ends the same: each column keeps the best value it was ever given, and what
makes a value better is in the value and its record alone. A newer arXiv version counts more than an older one, an
arXiv record that names its version more than one that does not; among equals the fuller value, then simply the
greater one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from enum import Enum, auto
from typing import Any

from digest.models import Paper
from digest.papers.identity import Named
from digest.papers.record import MOMENTS, Record
from digest.sources import FetchedPaper, identifiers

WORDED = Paper.WORDED
WITHDRAWN = "withdrawn"
ANY_VERSION = 0  # said of the paper, not of one of its versions


class Change(Enum):
    NEW = auto()
    KNOWN = auto()
    UPDATED = auto()


def created(fetched: FetchedPaper, named: Named, *, now: datetime, is_sample: bool) -> Record:
    """An unsaved row.

    A replacement of a paper we never had is an old paper: it counts as seen when its id was given out, so that it
    does not turn up among today's.
    """
    seen = now
    if fetched.is_replacement and fetched.arxiv_id:
        seen = min(now, datetime.combine(identifiers.arxiv_month(fetched.arxiv_id), time(), UTC))
    stated = {name: getattr(fetched, name) for name in WORDED}
    stated["authors"], stated["categories"] = list(fetched.authors), list(fetched.categories)
    moment = fetched.published_at
    is_arxiv = named.key[0] == identifiers.ARXIV_SCHEME
    return Record(
        key=":".join(named.key),
        arxiv_id=fetched.arxiv_id if is_arxiv else None,
        doi=doi_of(named),
        version=fetched.version if is_arxiv else None,
        published_at=moment if moment and moment <= now else None,
        first_seen_at=seen,
        withdrawn_at=now if fetched.is_withdrawn else None,
        stated_in={WITHDRAWN: version_of(fetched)} if fetched.is_withdrawn else {},
        is_sample=is_sample,
        **stated,
    )


def apply(paper: Record, fetched: FetchedPaper, named: Named, *, now: datetime, is_sample: bool) -> bool:
    """Whether the record changed anything of the row, which holds what its own records state."""
    before = paper.version or 0
    version = version_of(fetched)
    newest = max(before, version)
    stated_in, changed = dict(paper.stated_in), False
    for name in WORDED:
        theirs = getattr(fetched, name)
        if not theirs:
            continue
        ours = getattr(paper, name)
        theirs = list(theirs) if isinstance(theirs, tuple) else theirs
        held = stated_in.get(name, before) if ours else -1
        if theirs == ours:
            stated_in[name] = max(held, version)
        elif worth(name, theirs, version) > worth(name, ours, held):
            setattr(paper, name, theirs)
            stated_in[name], changed = version, True
        else:
            stated_in[name] = held
    for name in WORDED:
        if getattr(paper, name):
            stated_in.setdefault(name, before)
    said = said_withdrawn(paper.stated_in.get(WITHDRAWN), version if fetched.is_withdrawn else None)
    stated_in = {name: held for name, held in stated_in.items() if held != newest and name != WITHDRAWN}
    if said is not None:
        stated_in[WITHDRAWN] = said
    wanted: dict[str, Any] = {
        "version": newest or None,
        "stated_in": stated_in,
        "doi": min(filter(None, (paper.doi, doi_of(named))), default=None),
        "published_at": earliest(paper.published_at, fetched.published_at, now),
        "withdrawn_at": (paper.withdrawn_at or now) if said == ANY_VERSION or (said or -1) >= newest else None,
        "is_sample": paper.is_sample and is_sample,
    }
    for name, value in wanted.items():
        if value != getattr(paper, name):
            setattr(paper, name, value)
            changed = True
    return changed


def version_of(fetched: FetchedPaper) -> int:
    """Nothing but an arXiv id has versions here."""
    return (fetched.version or 0) if fetched.arxiv_id else 0


def doi_of(named: Named) -> str | None:
    return min((value for scheme, value in named.names if scheme == identifiers.DOI_SCHEME), default=None)


def worth(name: str, value: Any, version: int) -> tuple[bool, int, int, Any]:
    """What is compared; a teaser of an abstract is worth less than any that is whole."""
    is_whole = name != "abstract" or not is_teaser(value)
    return is_whole if value else False, version, len(value), value


def is_teaser(abstract: str) -> bool:
    return abstract.endswith(("…", "..."))


def said_withdrawn(ours: int | None, theirs: int | None) -> int | None:
    """The newest version that was said to be withdrawn; ANY_VERSION, once said, stands for all of them."""
    said = [each for each in (ours, theirs) if each is not None]
    return ANY_VERSION if ANY_VERSION in said else max(said, default=None)


def earliest(ours: datetime | None, theirs: datetime | None, now: datetime) -> datetime | None:
    """A paper is as old as its oldest date; a date to come is a mistake."""
    return min(filter(None, (ours, theirs if theirs and theirs <= now else None)), default=None)


def shown(members: Sequence[Record]) -> dict[str, Any]:
    """The columns of the paper that the rows together are, the best row first; each holds what its own records state.

    The DOI is whoever's business who knows which of them the paper has.
    """
    columns: dict[str, Any] = {
        name: next(filter(None, (getattr(paper, name) for paper in members)), getattr(members[0], name))
        for name in WORDED
    }
    whole = (paper.abstract for paper in members if paper.abstract and not is_teaser(paper.abstract))
    columns["abstract"] = next(whole, columns["abstract"])
    for name in ("published_at", "first_seen_at", "withdrawn_at"):
        columns[name] = min(filter(None, (getattr(paper, name) for paper in members)), default=None)
    columns["is_sample"] = all(paper.is_sample for paper in members)
    return columns


def take_own(paper: Record) -> None:
    """Let the row hold what its own records state, wherever it shows more."""
    for name, value in (paper.own or {}).items():
        setattr(paper, name, datetime.fromisoformat(value) if value and name in MOMENTS else value)
    paper.own = None


def show(paper: Record, columns: dict[str, Any]) -> None:
    """Let the row show the columns, and keep what its own records state where that differs."""
    own = {name: getattr(paper, name) for name, value in columns.items() if getattr(paper, name) != value}
    paper.own = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in own.items()
    } or None
    for name, value in columns.items():
        setattr(paper, name, value)
