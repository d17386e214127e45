"""Takes the papers there are, their signals and the topics; gives an edition's pool: papers with their numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.db.models import Max, Q
from numpy.typing import NDArray

from digest import learning, ranking
from digest.models import Edition, EditionKind, Listing, Paper, RankingModel, Signal
from digest.ranking import trend as trending
from digest.ranking.shortlist import shortlist
from digest.ranking.siblings import ALONE, siblings
from digest.ranking.texts import COLUMNS

# Older papers stay in the pool while they trend this much: a fresh paper's worth with the votes that are typical.
STILL_TRENDING = 0.2
# A paper that was being stored while the last edition was built would otherwise be in neither. To be offered a paper
# twice does no harm: no reader gets it twice.
OVERLAP = timedelta(hours=1)
WEEK = timedelta(days=7)
# Within a week's issue Monday's papers stand against Sunday's: they fade more slowly.
HALF_LIFE_DAYS = {EditionKind.DAILY: trending.HALF_LIFE_DAYS, EditionKind.WEEKLY: 7.0}
DIGITS = 4
# Less relevance is a trace that would only lengthen the list of reasons.
TRACE = 0.05
# Of a collaboration's thousands, those by whom a follower finds the paper.
AUTHORS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper for the pool: `trend`, `prediction` and the relevance to each of `topics` are in [0, 1], to DIGITS
    digits.

    `group` is the same for near-duplicates, 0 for a paper that stands alone.
    """

    paper_id: int
    trend: float
    topics: dict[str, float]
    group: int = 0
    authors: tuple[str, ...] = ()
    prediction: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sighting:
    paper_id: int
    first_seen_at: datetime
    trend: float


def candidates(
    kind: str, issue: date, now: datetime, keep: Collection[int] = (), context: RankingModel | None = None
) -> list[Candidate]:
    """The pool as it stands now, at most POOL_SIZE papers and those to `keep`; five queries. Relevance is told with the
    model of `context`, if there is one.

    It holds what came in since the last edition of its kind (a weekly issue: in a week; the first issue ever: in
    POOL_DAYS), and what trends of the papers that came in, or were listed by another source, in the last POOL_DAYS.
    Hidden, withdrawn and merged papers are left out, and invented ones as soon as there are real ones.
    """
    since = _since(kind, issue, now)
    sightings = [
        sighting
        for sighting in _sightings(kind, min(since, now - timedelta(days=settings.POOL_DAYS)), now, keep)
        if sighting.first_seen_at > since or sighting.trend >= STILL_TRENDING or sighting.paper_id in keep
    ]
    return _numbered(sightings, keep, context)


def _since(kind: str, issue: date, now: datetime) -> datetime:
    if kind == EditionKind.WEEKLY:
        return now - WEEK
    horizon = now - timedelta(days=settings.POOL_DAYS)
    previous = Edition.objects.published().filter(kind=kind, date__lt=issue).order_by("-date").first()
    return max(horizon, previous.built_at - OVERLAP) if previous and previous.built_at else horizon


def _sightings(kind: str, since: datetime, now: datetime, keep: Collection[int]) -> list[_Sighting]:
    recent = Q(first_seen_at__gt=since, first_seen_at__lte=now)
    listed = Listing.objects.filter(recent, paper__first_seen_at__lte=now).values("paper")
    kept = Paper.objects.filter(pk__in=keep).order_by().values("pk")
    # A union, as each of its branches has its index; the same with OR would read every paper there is.
    wanted = Paper.objects.filter(recent).order_by().values("pk").union(listed, kept)
    papers = Paper.objects.showable().filter(pk__in=wanted).order_by("id")
    rows = list(
        papers.values("id", "first_seen_at", "published_at", "primary_category", "is_sample")
        .annotate(listed_on=Max("listings__listed_on"))
        .values_list("id", "first_seen_at", "published_at", "listed_on", "primary_category", "is_sample")
    )
    if not all(row[5] for row in rows):
        rows = [row for row in rows if not row[5] or row[0] in keep]
    if not rows:
        return []
    born = [_born(*row[1:4]) for row in rows]
    grown = _growth([row[0] for row in rows], born, now, HALF_LIFE_DAYS[EditionKind(kind)])
    ages = [(now.date() - day).days for day in born]
    trends = trending.trends(grown[..., 0], grown[..., 1], ages, [row[4] for row in rows])
    return [_Sighting(row[0], row[1], round(float(trend), DIGITS)) for row, trend in zip(rows, trends, strict=True)]


def _growth(
    paper_ids: Sequence[int], born: Sequence[date], now: datetime, half_life_days: float
) -> NDArray[np.float64]:
    """Papers x kinds of signal x (all that is known of, what is still news)."""
    history: dict[tuple[int, str], list[tuple[date, int]]] = defaultdict(list)
    signals = Signal.objects.filter(paper__in=paper_ids, observed_on__lte=now.date(), kind__in=trending.KINDS)
    for paper_id, kind, observed_on, value in signals.values_list("paper_id", "kind", "observed_on", "value"):
        history[paper_id, kind].append((observed_on, value))
    grown = np.zeros((len(paper_ids), len(trending.KINDS), 2))
    places = {paper_id: place for place, paper_id in enumerate(paper_ids)}
    for (paper_id, kind), snapshots in history.items():
        place = places[paper_id]
        grown[place, trending.KINDS.index(kind)] = trending.growth(
            kind, snapshots, born[place], now.date(), half_life_days
        )
    return grown


def _born(first_seen_at: datetime, published_at: datetime | None, listed_on: date | None) -> date:
    """The day the paper became news: that of its newest listing, else when it was published, else when we saw it.

    A listing that announces a new version has no day.
    """
    return listed_on or (published_at or first_seen_at).date()


def _numbered(sightings: Sequence[_Sighting], keep: Collection[int], context: RankingModel | None) -> list[Candidate]:
    if not sightings:
        return []
    ids = [sighting.paper_id for sighting in sightings]
    topics = learning.about.offered()
    slugs = [topic.slug for topic in topics]
    texts = _texts(ids)
    relevance = learning.about.relevance(context, texts, topics).round(DIGITS)
    trends = np.array([sighting.trend for sighting in sightings])
    points = ranking.table(slugs, relevance, trends, np.zeros(len(ids)), np.zeros(len(ids)))
    newest = np.array([sighting.first_seen_at.timestamp() for sighting in sightings])
    chosen = set(shortlist(ids, points, settings.POOL_SIZE, newest))
    chosen |= {place for place, paper_id in enumerate(ids) if paper_id in keep}
    groups = _groups(ids, texts, sorted(chosen))
    return [
        Candidate(
            ids[place],
            float(trends[place]),
            _named(slugs, relevance[place]),
            groups[place],
            tuple(texts[place].authors[:AUTHORS_KEPT]),
        )
        for place in sorted(chosen)
    ]


def _groups(ids: Sequence[int], texts: Sequence[ranking.PaperText], places: Sequence[int]) -> dict[int, int]:
    """By place."""
    firsts = siblings([texts[place] for place in places])
    return {place: ids[places[first]] if first != ALONE else 0 for place, first in zip(places, firsts, strict=True)}


def _texts(paper_ids: Sequence[int]) -> list[ranking.PaperText]:
    papers = Paper.objects.filter(pk__in=paper_ids).only(*COLUMNS)
    texts = {paper.pk: ranking.text_of(paper) for paper in papers}
    return [texts[paper_id] for paper_id in paper_ids]


def _named(slugs: Sequence[str], relevance: NDArray[np.float64]) -> dict[str, float]:
    return {slug: float(each) for slug, each in zip(slugs, relevance, strict=True) if each >= TRACE}
