"""The rows that a batch of fetched papers may be about, in memory: found, joined and changed before any is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from digest.models import Paper
from digest.papers import changes, identity
from digest.papers.changes import Change
from digest.sources import FetchedPaper


@dataclass(eq=False)
class Entry:
    """One row and what is to be done with it."""

    paper: Paper
    is_saved: bool
    is_changed: bool = False
    joined_to: Entry | None = None

    @property
    def final(self) -> Entry:
        entry = self
        while entry.joined_to:
            entry = entry.joined_to
        return entry


class Catalogue:
    """Rows under each of their identities. `mentions` tells which entry each fetched paper turned out to be."""

    def __init__(self, fetched: Sequence[FetchedPaper], *, now: datetime, is_sample: bool) -> None:
        self.now = now
        self.is_sample = is_sample
        self.entries: list[Entry] = []
        self.joined: list[Entry] = []
        self.mentions: list[tuple[Entry, FetchedPaper]] = []
        self.by_arxiv_id: dict[str, Entry] = {}
        self.by_doi: dict[str, Entry] = {}
        self.by_title: dict[str, list[Entry]] = {}
        self._load(fetched)

    def add(self, fetched: FetchedPaper) -> Change:
        """Find the paper's row, or make one; change it as the record demands."""
        keys = changes.keys_of(fetched)
        matches = self._matches(fetched, keys)
        if not matches:
            paper = changes.created(fetched, now=self.now, is_sample=self.is_sample)
            self._take_identifiers(paper, fetched)
            if any(is_nameless(entry) for entry in self.by_title.get(paper.title_key, ())):
                paper.title_key = keys[-1]  # other people have this title, and a constraint keeps it theirs
            entry = self._enter(paper, is_saved=False)
            self.mentions.append((entry, fetched))
            return Change.NEW
        entry = matches[0]
        for other in matches[1:]:
            entry = self._join(entry, other)
        has_changed = self._apply(entry, fetched)
        entry.is_changed |= has_changed
        self.mentions.append((entry, fetched))
        return Change.UPDATED if has_changed or len(matches) > 1 else Change.KNOWN

    def _load(self, fetched: Sequence[FetchedPaper]) -> None:
        rows = Paper.objects.filter(
            Q(arxiv_id__in={paper.arxiv_id for paper in fetched if paper.arxiv_id})
            | Q(doi__in={paper.doi for paper in fetched if paper.doi})
            | Q(title_key__in={key for paper in fetched for key in changes.keys_of(paper)})
        )
        entries = {paper.pk: self._enter(paper, is_saved=True) for paper in rows.order_by("pk")}
        while (
            missing := {entry.paper.merged_into_id for entry in entries.values() if entry.paper.merged_into_id}
            - entries.keys()
        ):
            entries |= {paper.pk: self._enter(paper, is_saved=True) for paper in Paper.objects.filter(pk__in=missing)}
        for entry in entries.values():
            if entry.paper.merged_into_id:
                entry.joined_to = entries[entry.paper.merged_into_id]

    def _enter(self, paper: Paper, *, is_saved: bool) -> Entry:
        entry = Entry(paper, is_saved=is_saved)
        self.entries.append(entry)
        self._index(entry)
        return entry

    def _index(self, entry: Entry) -> None:
        paper = entry.paper
        if paper.arxiv_id:
            self.by_arxiv_id[paper.arxiv_id] = entry
        if paper.doi:
            self.by_doi[paper.doi] = entry
        known = self.by_title.setdefault(paper.title_key, [])
        if entry not in known:
            known.append(entry)

    def _matches(self, fetched: FetchedPaper, keys: list[str]) -> list[Entry]:
        """The rows this record is about, the one that decides first; more than one means they are one paper."""
        by_arxiv_id = self.by_arxiv_id.get(fetched.arxiv_id or "")
        by_doi = self.by_doi.get(fetched.doi or "")
        found = distinct(entry.final for entry in (by_arxiv_id, by_doi) if entry)
        if len(found) == 2 and found[1].paper.arxiv_id:  # a DOI given to two arXiv papers joins nothing
            found.pop()
        if found and fetched.arxiv_id and found[0].paper.arxiv_id not in (None, fetched.arxiv_id) and not by_arxiv_id:
            found = []
        titled = self._titled(fetched, keys, found)
        return distinct([*found, *titled]) if len(titled) == 1 else found

    def _titled(self, fetched: FetchedPaper, keys: list[str], found: list[Entry]) -> list[Entry]:
        """Rows of this title that may be the same paper.

        A record without identifiers means the oldest of them, so that it means the same tomorrow, when there are more.
        """
        records = [(fetched.arxiv_id, fetched.doi, fetched.authors)]
        records += [(entry.paper.arxiv_id, entry.paper.doi, entry.paper.authors) for entry in found]
        named = [entry for key in keys for entry in self.by_title.get(key, ()) if entry.final not in found]
        fitting = distinct(entry.final for entry in named if all(fits(entry, *record) for record in records))
        return fitting if fetched.arxiv_id or fetched.doi else sorted(fitting, key=age)[:1]

    def _join(self, one: Entry, other: Entry) -> Entry:
        """Two rows are one paper: the loser points at the winner, which takes what it lacks."""
        winner, loser = sorted((one, other), key=precedence)
        giver = loser.paper
        for name in ("arxiv_id", "doi"):
            if getattr(giver, name) and not getattr(winner.paper, name):
                setattr(winner.paper, name, getattr(giver, name))
                setattr(giver, name, None)
        changes.apply(winner.paper, as_fetched(giver), now=self.now, is_sample=self.is_sample or giver.is_sample)
        winner.paper.first_seen_at = min(winner.paper.first_seen_at, giver.first_seen_at)
        winner.is_changed = True
        loser.joined_to = winner
        self.joined.append(loser)
        self._index(winner)
        return winner

    def _apply(self, entry: Entry, fetched: FetchedPaper) -> bool:
        paper = entry.paper
        former = Paper(
            title=paper.title,
            title_key=paper.title_key,
            authors=paper.authors,
            first_seen_at=paper.first_seen_at,
            is_sample=paper.is_sample,
        )
        has_changed = changes.apply(paper, fetched, now=self.now, is_sample=self.is_sample)
        has_changed |= self._take_identifiers(paper, fetched)
        if (paper.title, paper.authors) != (former.title, former.authors):
            if former.title_key not in (keys := changes.keys_of(paper)):
                paper.title_key = keys[0]
            if paper.title_key != former.title_key or not identity.share_someone(former.authors, paper.authors):
                self._retire(entry, former)
        if has_changed:
            self._index(entry)
        return has_changed

    def _retire(self, entry: Entry, former: Paper) -> None:
        """A title that a newer version gave up still leads to the paper: as a row that is joined to it."""
        if entry.paper.title_key != former.title_key:
            self.by_title[former.title_key].remove(entry)
        alias = self._enter(former, is_saved=False)
        alias.joined_to = entry
        self.joined.append(alias)

    def _take_identifiers(self, paper: Paper, fetched: FetchedPaper) -> bool:
        """What the row lacks and no other row has; a row that has its own keeps it."""
        before = (paper.arxiv_id, paper.doi)
        if fetched.arxiv_id not in self.by_arxiv_id:
            paper.arxiv_id = paper.arxiv_id or fetched.arxiv_id
        if fetched.doi not in self.by_doi:
            paper.doi = paper.doi or fetched.doi
        return (paper.arxiv_id, paper.doi) != before


def distinct(entries: Iterable[Entry]) -> list[Entry]:
    return list(dict.fromkeys(entries))


def fits(entry: Entry, arxiv_id: str | None, doi: str | None, authors: Sequence[str]) -> bool:
    """The identifiers are those of the paper it leads to; the authors are those who bore this title."""
    paper = entry.final.paper
    return identity.could_be_one(arxiv_id, doi, authors, (paper.arxiv_id, paper.doi, entry.paper.authors))


def is_nameless(entry: Entry) -> bool:
    """Whether the row itself has nothing but its title to be known by."""
    return entry.joined_to is None and not entry.paper.arxiv_id and not entry.paper.doi


def age(entry: Entry) -> tuple[bool, int]:
    return (not entry.is_saved, entry.paper.pk or 0)


def precedence(entry: Entry) -> tuple[bool, bool, int]:
    """A stored row wins over one that is not yet, one with an arXiv id over one without, the older over the newer."""
    return (not entry.is_saved, not entry.paper.arxiv_id, entry.paper.pk or 0)


def as_fetched(paper: Paper) -> FetchedPaper:
    """A row's own facts as a record, without version: it only fills what is empty elsewhere."""
    return FetchedPaper(
        title=paper.title,
        abstract=paper.abstract,
        authors=tuple(paper.authors),
        categories=tuple(paper.categories),
        primary_category=paper.primary_category,
        comment=paper.comment,
        journal_reference=paper.journal_reference,
        license_url=paper.license_url,
        url=paper.url,
        code_url=paper.code_url,
        project_url=paper.project_url,
        published_at=paper.published_at,
        is_withdrawn=paper.withdrawn_at is not None,
    )
