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
    gained: Sequence[Moved]
    lost: Sequence[Moved]
    gained_count: int
    lost_count: int


def of_change(before: TopicProfile | None, after: TopicProfile, now: datetime) -> Effect:
    """`before` is None for a new topic. Of a busy week the newest MOST_PAPERS are looked at.

    Other words are heard of the papers for which something that is found differs: for all others nothing changes.
    """
    recent = Paper.objects.showable().filter(first_seen_at__gt=now - WEEK, first_seen_at__lte=now)
    papers = list(recent.order_by("-first_seen_at", "-pk")[:MOST_PAPERS])
    texts = [ranking.text_of(paper) for paper in papers]
    found = findings(texts, [before or TopicProfile(""), after])
    differs = np.flatnonzero((found.belief[:, 0] != found.belief[:, 1]) | np.diff(found.is_excluded, axis=1)[:, 0])
    context = _context([texts[row] for row in differs], before.slug if before else "")
    found = found.of(differs)
    was, will = joined(found, np.stack([context, context], axis=1)).T
    if before is None:
        was = np.zeros(len(differs))
    moved = [
        Moved(paper, float(was[row]), float(will[row]), ", ".join(_why(found, row, context[row])))
        for row, paper in enumerate(papers[place] for place in differs)
        if (was[row] >= RELEVANT) != (will[row] >= RELEVANT)
    ]
    gained = sorted((each for each in moved if each.after >= RELEVANT), key=lambda each: -each.after)
    lost = sorted((each for each in moved if each.after < RELEVANT), key=lambda each: -each.before)
    return Effect(len(papers), gained[:SHOWN], lost[:SHOWN], len(gained), len(lost))


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
