"""Takes a pool and readers; gives what each digest is chosen by: topics, length, and the papers to leave out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings

from digest.models import EditionPaper
from digest.models.states import REMEMBERED_STATES
from digest.selection.pool import Pool
from subscriptions import sql
from subscriptions.models import Topic

# Grows whenever the same rows would give another digest than before: a replay by other rules proves nothing.
RULES = 2


class Interests(NamedTuple):
    """A reader's topic slugs (none: they follow no topic), digest length, and the pool's papers they do not get."""

    topics: tuple[str, ...]
    length: int
    withheld: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The value of `Digest.preferences`: with the frozen edition all it takes to choose the digest again."""
        return {
            "rules": RULES,
            "topics": list(self.topics),
            "length": self.length,
            "withheld": sorted(self.withheld),
        }

    def as_text(self) -> str:
        """The same as JSON."""
        withheld = sorted(self.withheld) if self.withheld else []
        return f'{_topics_as_text(self.topics)}"length": {self.length}, "withheld": {withheld}}}'

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Interests:
        return cls(tuple(stored["topics"]), stored["length"], frozenset(stored["withheld"]))


@lru_cache(maxsize=4096)
def _topics_as_text(topics: tuple[str, ...]) -> str:
    return f'{{"rules": {RULES}, "topics": {json.dumps(topics)}, '


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
    """By subscriber id, in the order given; `lengths` are the lengths of their digests. Four queries.

    Topics that can no longer be chosen do not count.
    """
    ids = list(lengths)
    topics, remembered = _topics(ids), _remembered(pool, ids, now)
    return {
        pk: Interests(
            tuple(sorted(topics[pk])) if pk in topics else (),
            length,
            pool.gone.union(remembered[pk]) if pk in remembered else pool.gone,
        )
        for pk, length in lengths.items()
    }


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

    A paper can only have been sent by an edition whose pool it was in, so these editions' deliveries are all that
    must be read, however long the reader's history.
    """
    editions = EditionPaper.objects.filter(paper__in=list(pool.known_as)).values_list("edition", flat=True).distinct()
    statement = _REMEMBERED
    values: dict[str, Any] = {"readers": subscriber_ids, "editions": list(editions), "states": _SENT}
    if settings.MEMORY_DAYS:
        statement, values = statement + _RECENTLY, {**values, "since": now - timedelta(days=settings.MEMORY_DAYS)}
    remembered: dict[int, set[int]] = defaultdict(set)
    for subscriber_id, papers in sql.rows(statement, **values):
        for paper_id in json.loads(papers):
            remembered[subscriber_id].update(pool.known_as.get(paper_id, ()))
    return remembered
