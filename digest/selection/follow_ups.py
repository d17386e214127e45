"""Takes an edition and what readers were sent before; gives the news of those papers that their digests tell.

News are facts that came in since a reader's last digest, the first time anybody stated them. A paper that is told of is
not sent again: it has no place, no score and no vote.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Max, QuerySet

from digest.models import Edition, EditionKind, EditionPaper, Fact, FactKind, Paper
from digest.selection.memory import Sent

# In the order of what a reader should not miss.
TOLD = (
    FactKind.RETRACTED,
    FactKind.WITHDRAWN,
    FactKind.CODE,
    FactKind.ACCEPTED,
    FactKind.JOURNAL,
    FactKind.VERSION,
)
GRAVE = (FactKind.RETRACTED, FactKind.WITHDRAWN)
MOST = 3  # papers a digest: they stand beside its ten
# News wait for a reader whose last digest was not sent, but not for ever.
DAYS = {EditionKind.DAILY: 8, EditionKind.WEEKLY: 15}
# Editions asked about beyond those that memory reads anyway. A new version of a paper of long ago is no news.
OLDER = 6
KEPT_MINUTES = 10  # what an editor hides in between is told of for as long
VALUE_LENGTH = 120  # characters


class FollowUp(NamedTuple):
    """News of a paper that the reader was sent before: `words` tell it, as in "Its code is out.", at `url`."""

    paper_id: int
    title: str
    url: str
    words: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> FollowUp:
        return cls(stored["paper"], stored["title"], stored["url"], stored["words"])

    def as_json(self) -> dict[str, Any]:
        """An item of `Digest.news`."""
        return {"paper": self.paper_id, "title": self.title, "url": self.url, "words": self.words}


class _Said(NamedTuple):
    """A fact when it was first stated."""

    rank: int
    value: str
    said_on: date
    stored_at: datetime


class _Made(NamedTuple):
    rank: int
    follow_up: FollowUp


@dataclass(frozen=True)
class News:
    """What came in before an edition, by paper; `known` maps every id of these papers to the paper, `faces` has each
    one's title and address.

    `recent` are the editions of the time that this looks back to, with the moments they were published; `older` are
    others that brought papers with news. `_made` and `_since` are what readers share.
    """

    since: datetime
    said: Mapping[int, Sequence[_Said]] = field(default_factory=dict)
    faces: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    known: Mapping[int, int] = field(default_factory=dict)
    recent: Mapping[int, datetime] = field(default_factory=dict)
    older: Collection[int] = ()
    _made: dict[tuple[int, datetime, datetime], _Made | None] = field(default_factory=dict)
    _since: dict[datetime, frozenset[int]] = field(default_factory=dict)

    @property
    def editions(self) -> set[int]:
        """Whose digests are to be read."""
        return {*self.recent, *self.older}

    def told(self, digests: Sequence[Sent]) -> dict[int, list[FollowUp]]:
        """By reader, the weightiest first; who has none is left out. A query where any reader was sent such a paper."""
        if not self.said:
            return {}
        last: dict[int, datetime] = {}
        for reader, edition, _ in digests:
            if edition in self.recent and self.recent[edition] > last.get(reader, self.since):
                last[reader] = self.recent[edition]
        met: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for reader, edition, papers in digests:
            watched = self._watched(last.get(reader, self.since))
            if not watched.isdisjoint(papers):
                met[reader] += [(self.known[paper], edition) for paper in papers if paper in watched]
        carriers = {edition for papers in met.values() for _, edition in papers}
        sent_at = dict(Edition.objects.filter(pk__in=carriers).values_list("pk", "published_at")) if carriers else {}
        found = {
            reader: self._weightiest([(paper, last.get(reader, self.since), sent_at[pk]) for paper, pk in papers])
            for reader, papers in met.items()
        }
        return {reader: follow_ups for reader, follow_ups in found.items() if follow_ups}

    def _watched(self, last: datetime) -> frozenset[int]:
        """The ids of papers with news since."""
        if last not in self._since:
            papers = {paper for paper, facts in self.said.items() if facts[-1].stored_at > last}
            self._since[last] = frozenset(alias for alias, paper in self.known.items() if paper in papers)
        return self._since[last]

    def _weightiest(self, papers: Iterable[tuple[int, datetime, datetime | None]]) -> list[FollowUp]:
        made = {each[0]: found for each in papers if each[2] and (found := self._news(each[0], each[1], each[2]))}
        best = sorted(made.values(), key=lambda each: (each.rank, -each.follow_up.paper_id))
        return [each.follow_up for each in best[:MOST]]

    def _news(self, paper: int, last: datetime, sent_at: datetime) -> _Made | None:
        """What was said after the reader's last digest, of what is younger than the edition that brought the paper."""
        key = paper, last, sent_at
        if key not in self._made:
            after = max(last, sent_at)
            new = [each for each in self.said[paper] if each.stored_at > after and each.said_on >= sent_at.date()]
            self._made[key] = _made(paper, *self.faces[paper], new) if new else None
        return self._made[key]


def news_of(edition: Edition, now: datetime) -> News:
    """What came in before the edition, of papers that any edition brought.

    One query; six more where there is something, for the first chunk of readers within KEPT_MINUTES.
    """
    until = edition.published_at or now
    since = until - timedelta(days=DAYS[EditionKind(edition.kind)])
    newest = _came(since, until).aggregate(newest=Max("pk"))["newest"]
    return (
        _news(edition.pk, since, until, newest, int(now.timestamp()) // 60 // KEPT_MINUTES) if newest else News(since)
    )


def _came(since: datetime, until: datetime) -> QuerySet[Fact]:
    return Fact.objects.filter(kind__in=TOLD, stored_at__gt=since, stored_at__lte=until)


@lru_cache(maxsize=3)
def _news(edition: int, since: datetime, until: datetime, newest: int, moment: int) -> News:
    """`newest` of the facts and `moment` tell when it has to be made anew."""
    came = _came(since, until).filter(paper__merged_into=None, paper__is_hidden=False)
    papers = set(came.values_list("paper", flat=True))
    known = {paper: paper for paper in papers} | _aliases(papers)
    entries = EditionPaper.objects.filter(paper__in=known, edition__published_at__lt=until).exclude(edition=edition)
    held: dict[int, set[int]] = defaultdict(set)
    for paper, held_by in entries.values_list("paper", "edition"):
        held[known[paper]].add(held_by)
    said = {paper: each for paper, each in _first_said(held, until).items() if each[-1].stored_at > since}
    if not said:
        return News(since)
    known = {alias: paper for alias, paper in known.items() if paper in said}
    before = Edition.objects.filter(published_at__gt=since, published_at__lt=until).exclude(pk=edition)
    recent = {pk: at for pk, at in before.values_list("pk", "published_at") if at is not None}
    faces = {pk: (title, url) for pk, title, url in Paper.objects.filter(pk__in=said).values_list("pk", "title", "url")}
    return News(since, said, faces, known, recent, _older(said, held, recent))


def forget() -> None:
    """As a new process."""
    _news.cache_clear()


def _aliases(papers: Collection[int]) -> dict[int, int]:
    merged = Paper.objects.filter(merged_into__in=papers).values_list("pk", "merged_into")
    return {alias: paper for alias, paper in merged if paper is not None}


def _first_said(papers: Collection[int], until: datetime) -> dict[int, list[_Said]]:
    """By paper, in the order in which they came: of each version and kind of fact the first that any source stated.

    What was stored before we noted when counts as known for ever.
    """
    rows = Fact.objects.filter(paper__in=papers, kind__in=TOLD).order_by("pk")
    found: dict[int, dict[tuple[str, str], _Said | None]] = defaultdict(dict)
    for paper, kind, value, said_on, stored_at in rows.values_list("paper", "kind", "value", "said_on", "stored_at"):
        said = None if stored_at is None else _Said(TOLD.index(FactKind(kind)), value, said_on, stored_at)
        found[paper].setdefault((kind, value if kind == FactKind.VERSION else ""), said)
    first = {
        paper: [each for each in facts.values() if each and each.stored_at <= until] for paper, facts in found.items()
    }
    return {paper: sorted(each, key=lambda said: said.stored_at) for paper, each in first.items() if each}


def _older(
    said: Mapping[int, Sequence[_Said]], held: Mapping[int, Collection[int]], recent: Mapping[int, datetime]
) -> set[int]:
    """The weightiest news first, until so many editions are to be asked."""
    newest = max(recent.values(), default=None)
    version = TOLD.index(FactKind.VERSION)
    ranks = {
        paper: min((each.rank for each in facts if newest is None or each.stored_at > newest), default=version)
        for paper, facts in said.items()
    }
    found: set[int] = set()
    for paper in sorted(said, key=lambda paper: (ranks[paper], -paper)):
        more = set(held[paper]) - recent.keys() - found
        if ranks[paper] < version and len(found) + len(more) <= OLDER:
            found |= more
    return found


def _made(paper: int, title: str, url: str, new: Sequence[_Said]) -> _Made:
    """Whoever withdraws a paper does so by a new version: that alone is told. Of versions the newest."""
    values = {TOLD[each.rank]: each.value for each in new}
    kinds = [kind for kind in TOLD if kind in values]
    if kinds[0] in GRAVE:
        kinds = kinds[:1]
    words = " ".join(_words(kind, values[kind]) for kind in kinds)
    address = values[FactKind.CODE] if kinds == [FactKind.CODE] else url
    return _Made(TOLD.index(kinds[0]), FollowUp(paper, title, address, words))


def _words(kind: FactKind, value: str) -> str:
    short = " ".join(value.split())[:VALUE_LENGTH].rstrip(" .")
    match kind:
        case FactKind.RETRACTED:
            return "It was retracted."
        case FactKind.WITHDRAWN:
            return "Its authors withdrew it."
        case FactKind.CODE:
            return "Its code is out."
        case FactKind.ACCEPTED:
            return f"Accepted at {short}."
        case FactKind.JOURNAL:
            return f"Published in {short}."
        case _:
            return f"Version {short} is out."


def news_as_text(follow_ups: Sequence[FollowUp]) -> str:
    """The JSON of `Digest.news`."""
    return json.dumps([each.as_json() for each in follow_ups]) if follow_ups else "[]"
