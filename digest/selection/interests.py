"""Takes a pool and readers; gives what each digest is chosen by: topics, length, and the papers to leave out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Func, TextField

from digest.models import Delivery, EditionPaper
from digest.selection.pool import Pool
from subscriptions.models import Subscriber

# Grows whenever the same rows would give another digest than before: a replay by other rules proves nothing.
RULES = 1


@dataclass(frozen=True, slots=True)
class Interests:
    """A reader's topic slugs (none: they follow no topic), digest length, and the pool's papers they do not get."""

    topics: tuple[str, ...]
    length: int
    withheld: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The value of `Delivery.preferences`: with the frozen edition all it takes to choose the digest again."""
        return {
            "rules": RULES,
            "topics": list(self.topics),
            "length": self.length,
            "withheld": sorted(self.withheld),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Interests:
        return cls(tuple(stored["topics"]), stored["length"], frozenset(stored["withheld"]))


class _PaperIds(Func):
    """The ids in a stored selection, as the text of a JSON list: a tenth of what the selection weighs."""

    output_field = TextField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "jsonb_path_query_array(%(expressions)s, '$[*].paper')::text"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(SELECT json_group_array(value ->> '$.paper') FROM json_each(%(expressions)s))"
        return self.as_sql(compiler, connection, template=template, **context)


def interests_of(pool: Pool, subscribers: Sequence[Subscriber], now: datetime) -> dict[int, Interests]:
    """By subscriber id, in the order given; two queries. Topics that can no longer be chosen do not count."""
    ids = [subscriber.pk for subscriber in subscribers]
    topics, remembered = _topics(ids), _remembered(pool, ids, now)
    return {
        subscriber.pk: Interests(
            tuple(sorted(topics[subscriber.pk])),
            subscriber.digest_length,
            pool.gone.union(remembered[subscriber.pk]),
        )
        for subscriber in subscribers
    }


def _topics(subscriber_ids: Sequence[int]) -> dict[int, list[str]]:
    chosen = Subscriber.topics.through.objects.filter(subscriber__in=subscriber_ids, topic__is_active=True)
    topics: dict[int, list[str]] = defaultdict(list)
    for subscriber_id, slug in chosen.values_list("subscriber_id", "topic__slug"):
        topics[subscriber_id].append(slug)
    return topics


def _remembered(pool: Pool, subscriber_ids: Sequence[int], now: datetime) -> dict[int, set[int]]:
    """The pool's papers that each reader was sent before, under whatever id.

    A paper can only have been sent by an edition whose pool it was in, so these editions' deliveries are all that
    must be read, however long the reader's history.
    """
    editions = EditionPaper.objects.filter(paper__in=list(pool.known_as)).values("edition")
    sent = Delivery.objects.remembered().filter(subscriber__in=subscriber_ids, edition__in=editions)
    if settings.MEMORY_DAYS:
        sent = sent.filter(claimed_at__gte=now - timedelta(days=settings.MEMORY_DAYS))
    remembered: dict[int, set[int]] = defaultdict(set)
    for subscriber_id, paper_ids in sent.order_by().values_list("subscriber_id", _PaperIds("selection")):
        for paper_id in json.loads(paper_ids):
            remembered[subscriber_id].update(pool.known_as.get(paper_id, ()))
    return remembered
