"""Takes a pool and readers; gives what each digest is chosen by: topics, length, interests, and what to leave out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from digest.ranking.interests import Interests
from digest.ranking.pool import Pool
from digest.selection import memory, wishes
from digest.selection.memory import Sent
from subscriptions import sql
from subscriptions.models import Topic

_CHOSEN_TOPICS = """
    SELECT subscriber_id, topic_id FROM subscriptions_subscriber_topics WHERE subscriber_id = ANY(%(readers)s)
"""


def interests_of(
    pool: Pool, lengths: Mapping[int, int], now: datetime, digests: Iterable[Sent] | None = None
) -> dict[int, Interests]:
    """By subscriber id, in the order given; `lengths` are the lengths of their digests. Six queries; two more where
    a reader asked for more than topics, and one for the pool's words where any mutes some.

    `digests` are what they were sent of the pool's papers, for whoever read them already: three queries less. Topics
    that can no longer be chosen do not count.
    """
    ids = list(lengths)
    if digests is None:
        digests = memory.sent(ids, memory.carriers(pool.known_as), now)
    topics, remembered, own = _topics(ids), _remembered(pool, digests), wishes.wishes_of(pool, ids)
    found = {
        pk: Interests(
            tuple(sorted(topics[pk])) if pk in topics else (),
            length,
            pool.gone.union(remembered[pk]) if pk in remembered else pool.gone,
        )
        for pk, length in lengths.items()
    }
    return found | {pk: wish.given_to(found[pk]) for pk, wish in own.items()}


def _topics(subscriber_ids: Sequence[int]) -> dict[int, list[str]]:
    slugs = dict(Topic.objects.filter(is_active=True).values_list("pk", "slug"))
    chosen = sql.rows(_CHOSEN_TOPICS, readers=subscriber_ids)
    topics: dict[int, list[str]] = defaultdict(list)
    for subscriber_id, topic_id in chosen:
        if topic_id in slugs:
            topics[subscriber_id].append(slugs[topic_id])
    return topics


def _remembered(pool: Pool, digests: Iterable[Sent]) -> dict[int, set[int]]:
    """The pool's papers that each reader was sent before, under whatever id."""
    remembered: dict[int, set[int]] = defaultdict(set)
    for reader, _, papers in digests:
        for paper_id in papers:
            remembered[reader].update(pool.known_as.get(paper_id, ()))
    return remembered
