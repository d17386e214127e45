"""Takes readers for whom a day has little; gives them the newest papers of the week before that fit and are unread.

Earlier editions are gone through from the newest on, each with the pool and the models it was published with, until
every reader has THIN papers or a week is over. Only what is about something the reader asked for comes in; a part of
its score, the same for all papers of an edition, says that it is not of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from digest.editions import weights as weighing
from digest.models import Edition, EditionKind
from digest.ranking.choosing import choose_for
from digest.ranking.interests import Interests
from digest.ranking.parts import CommonPart
from digest.ranking.pool import Choice, Pool
from digest.ranking.score import POINTS, Weights
from digest.ranking.telling import WEEK
from digest.selection.interests import interests_of
from digest.selection.memory import FILLED_DAYS
from digest.selection.pool import load_pool

# Fewer papers make a thin digest.
THIN = 4


@dataclass(slots=True)
class Filling:
    """A reader's digest while it is filled: what was added, and by which earlier editions and wishes."""

    missing: int
    added: list[Choice] = field(default_factory=list)
    wishes: list[tuple[int, Interests]] = field(default_factory=list)

    def take(self, edition: Edition, wish: Interests, choices: Sequence[Choice]) -> None:
        if choices:
            self.added += choices
            self.missing -= len(choices)
            self.wishes.append((edition.pk, wish))


def fill(
    edition: Edition, pool: Pool, interests: Mapping[int, Interests], sizes: Mapping[int, int], now: datetime
) -> dict[int, Filling]:
    """By reader, for those whose digest of `sizes` papers is thin and could be filled.

    Only a daily edition is filled: a weekly one is made of the week already. Who asked for nothing is shown what is
    general, of which no day has little. No query where no digest is thin; else those of `load_pool` and `interests_of`
    for each edition that is gone through.
    """
    thin = {
        pk: Filling(min(THIN, wish.length) - sizes[pk])
        for pk, wish in interests.items()
        if sizes[pk] < min(THIN, wish.length) and not wish.is_general
    }
    seen = set(pool.known_as)
    for earlier in _before(edition) if thin else ():
        lacking = {pk: each.missing for pk, each in thin.items() if each.missing}
        if not lacking:
            break
        past = load_pool(earlier)
        again = frozenset(paper for known in seen.intersection(past.known_as) for paper in past.known_as[known])
        wishes = [wish._replace(withheld=wish.withheld | again) for wish in interests_of(past, lacking, now).values()]
        for pk, wish, choices in zip(lacking, wishes, chosen(edition, earlier, past, wishes), strict=True):
            thin[pk].take(earlier, wish, choices)
        seen.update(past.known_as)
    return {pk: each for pk, each in thin.items() if each.added}


def chosen(
    edition: Edition, earlier: Edition, past: Pool, wishes: Sequence[Interests], weights: Weights | None = None
) -> list[list[Choice]]:
    """What readers of an edition get of an earlier one, whose pool is `past`."""
    weights = weights or weighing.of(edition)
    lost = round(weights.day * POINTS) * (edition.date - earlier.date).days
    part = CommonPart(WEEK, np.full(len(past.paper_ids), -lost, dtype=np.int32))
    aged = replace(past, table=replace(past.table, common=(*past.table.common, part)), is_past=True, shared={})
    return choose_for(aged, wishes)


def _before(edition: Edition) -> list[Edition]:
    if edition.kind != EditionKind.DAILY:
        return []
    earlier = Edition.objects.published().filter(
        kind=EditionKind.DAILY, date__lt=edition.date, date__gte=edition.date - timedelta(days=FILLED_DAYS)
    )
    return list(earlier.order_by("-date"))
