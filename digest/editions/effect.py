"""Takes a topic before and after a change; gives the papers of the last week that it would have gained and lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from digest import learning, ranking
from digest.learning.keeping import opened
from digest.models import ModelKind, Paper
from digest.ranking import PaperText, TopicProfile
from digest.ranking.context import Context
from digest.ranking.table import RELEVANT
from digest.ranking.topics import Findings, findings, joined

WEEK = timedelta(days=7)
MOST_PAPERS = 2000
SHOWN = 15
# Log odds: other words that make it this much more, or less, likely are worth a mention.
TELLING = 0.7


@dataclass(frozen=True, slots=True)
class Moved:
    """A paper, how relevant it was and would be, and why."""

    paper: Paper
    before: float
    after: float
    why: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Of `papers`, those that would come to be about the topic, and those that would no longer; the surest of each."""

    papers: int
    stay: int
    gained: Sequence[Moved]
    lost: Sequence[Moved]
    gained_count: int
    lost_count: int
    has_context: bool


def of_change(before: TopicProfile | None, after: TopicProfile, now: datetime) -> Effect:
    """`before` is None for a new topic. Of a busy week the newest MOST_PAPERS are looked at."""
    recent = Paper.objects.showable().filter(first_seen_at__gt=now - WEEK, first_seen_at__lte=now)
    papers = list(recent.order_by("-first_seen_at", "-pk")[:MOST_PAPERS])
    texts = [ranking.text_of(paper) for paper in papers]
    found = findings(texts, [before or TopicProfile(""), after])
    context = _context(texts, before.slug if before else "")
    was, will = joined(found, np.stack([context, context], axis=1)).T
    if before is None:
        was = np.zeros(len(papers))
    moved = [
        Moved(paper, float(was[row]), float(will[row]), ", ".join(_why(found, row, context[row])))
        for row, paper in enumerate(papers)
        if (was[row] >= RELEVANT) != (will[row] >= RELEVANT)
    ]
    gained = sorted((each for each in moved if each.after >= RELEVANT), key=lambda each: -each.after)
    lost = sorted((each for each in moved if each.after < RELEVANT), key=lambda each: -each.before)
    stay = int(((was >= RELEVANT) & (will >= RELEVANT)).sum())
    has_context = not np.isnan(context).all() if len(papers) else False
    return Effect(len(papers), stay, gained[:SHOWN], lost[:SHOWN], len(gained), len(lost), has_context)


def _context(texts: Sequence[PaperText], slug: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    model = learning.current(ModelKind.CONTEXT)
    context = opened(model, Context.from_bytes) if model and slug else None
    return context.log_odds(texts, [slug])[:, 0] if context else np.full(len(texts), np.nan)


def _why(found: Findings, row: int, context: float) -> Iterator[str]:
    """What differs between before (column 0) and after (column 1), and what else counts."""
    if found.is_excluded[row, 1]:
        yield "excluded"
        return
    if found.is_excluded[row, 0]:
        yield "no longer excluded"
    for name, shares in (("category", found.by_category), ("keywords", found.by_keyword)):
        was, will = shares[row]
        if was != will:
            yield f"{name} {was:.2f} → {will:.2f}"
        elif will:
            yield f"{name} {will:.2f}"
    if context >= TELLING:
        yield "other words speak for it"
    elif context <= -TELLING:
        yield "other words speak against it"
