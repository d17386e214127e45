"""Takes a pool and readers; gives what each digest is chosen by: topics, length, interests, and what to leave out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from digest.models import Edition, EditionKind, EditionPaper
from digest.models.states import REMEMBERED_STATES
from digest.ranking.interests import Interests
from digest.ranking.pool import Pool
from digest.selection import wishes
from subscriptions import sql
from subscriptions.models import Topic

# A thin digest is filled from the pools of as many days before.
FILLED_DAYS = 7
_SENT = [state.value for state in REMEMBERED_STATES]
_CHOSEN_TOPICS = """
    SELECT subscriber_id, topic_id FROM subscriptions_subscriber_topics WHERE subscriber_id = ANY(%(readers)s)
"""
_REMEMBERED = """
    SELECT d.subscriber_id, g.papers
    FROM digest_delivery d JOIN digest_digest g ON g.delivery_id = d.id
    WHERE d.subscriber_id = ANY(%(readers)s) AND d.edition_id = ANY(%(editions)s) AND d.state = ANY(%(states)s)
"""
_RECENTLY = " AND d.claimed_at >= %(since)s"


def interests_of(pool: Pool, lengths: Mapping[int, int], now: datetime) -> dict[int, Interests]:
    """By subscriber id, in the order given; `lengths` are the lengths of their digests. Six queries; two more where
    a reader asked for more than topics, and one for the pool's words where any mutes some.

    Topics that can no longer be chosen do not count.
    """
    ids = list(lengths)
    topics, remembered, own = _topics(ids), _remembered(pool, ids, now), wishes.wishes_of(pool, ids)
    found = {
        pk: Interests(
            tuple(sorted(topics[pk])) if pk in topics else (),
            length,
            pool.gone.union(remembered[pk]) if pk in remembered else pool.gone,
        )
        for pk, length in lengths.items()
    }
    return found | {pk: wish.given_to(found[pk]) for pk, wish in own.items()}


def _carriers(pool: Pool) -> list[int]:
    """The editions that can have brought any of the pool's papers. Two queries."""
    holding = EditionPaper.objects.filter(paper__in=list(pool.known_as)).values_list("edition", "edition__date")
    dates = dict(holding.distinct())
    days = {date + timedelta(days=day) for date in dates.values() for day in range(1, FILLED_DAYS + 1)}
    filled = Edition.objects.published().filter(kind=EditionKind.DAILY, date__in=days).order_by()
    return sorted(dates.keys() | set(filled.values_list("pk", flat=True)))


def _topics(subscriber_ids: Sequence[int]) -> dict[int, list[str]]:
    slugs = dict(Topic.objects.filter(is_active=True).values_list("pk", "slug"))
    chosen = sql.rows(_CHOSEN_TOPICS, readers=subscriber_ids)
    topics: dict[int, list[str]] = defaultdict(list)
    for subscriber_id, topic_id in chosen:
        if topic_id in slugs:
            topics[subscriber_id].append(slugs[topic_id])
    return topics


def _remembered(pool: Pool, subscriber_ids: Sequence[int], now: datetime) -> dict[int, set[int]]:
    """The pool's papers that each reader was sent before, under whatever id.

    A paper can only have been sent by an edition whose pool it was in, or by one of the week after, which it filled:
    these editions' deliveries are all that must be read, however long the reader's history.
    """
    statement = _REMEMBERED
    values: dict[str, Any] = {"readers": subscriber_ids, "editions": _carriers(pool), "states": _SENT}
    if settings.MEMORY_DAYS:
        statement, values = statement + _RECENTLY, {**values, "since": now - timedelta(days=settings.MEMORY_DAYS)}
    remembered: dict[int, set[int]] = defaultdict(set)
    for subscriber_id, papers in sql.rows(statement, **values):
        for paper_id in json.loads(papers):
            remembered[subscriber_id].update(pool.known_as.get(paper_id, ()))
    return remembered
