"""Takes a pool and readers; gives digests, chosen by what is stored of them, thin ones filled from the week before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from digest.models import Edition
from digest.ranking.choosing import choose_for
from digest.ranking.interests import Interests
from digest.ranking.pool import Choice, Pool
from digest.selection import memory, week
from digest.selection.follow_ups import FollowUp, news_of
from digest.selection.interests import interests_of
from subscriptions import sql
from subscriptions.models import Subscriber

_SURPRISED = """
    SELECT id, surprises FROM subscriptions_subscriber WHERE id = ANY(%(readers)s) AND surprises > 0
"""


class Composed(NamedTuple):
    """A reader's digest in its order, possibly empty, all that it was chosen by, and news of papers of before."""

    choices: list[Choice]
    interests: Interests
    follow_ups: Sequence[FollowUp] = ()


def compose(edition: Edition, pool: Pool, lengths: Mapping[int, int], now: datetime) -> dict[int, Composed]:
    """Each reader's digest by subscriber id, in the order given; `lengths` are the lengths of their digests.

    The queries of `interests_of` and `news_of`, and one; those of `week.fill` where a digest is thin.
    """
    news = news_of(edition, now)
    carriers = memory.carriers(pool.known_as)
    sent = memory.sent(list(lengths), carriers | news.editions, now)
    interests = interests_of(pool, lengths, now, [each for each in sent if each.edition in carriers])
    for pk, number in sql.rows(_SURPRISED, readers=list(lengths)):
        interests[pk] = interests[pk]._replace(surprises=number)
    digests = dict(zip(interests, choose_for(pool, list(interests.values())), strict=True))
    told = news.told(sent)
    composed = {pk: Composed(digests[pk], wish, told.get(pk, ())) for pk, wish in interests.items()}
    sizes = {pk: len(choices) for pk, choices in digests.items()}
    for pk, filling in week.fill(edition, pool, interests, sizes, now).items():
        wish = interests[pk]._replace(week=tuple(filling.wishes))
        composed[pk] = composed[pk]._replace(choices=[*digests[pk], *filling.added], interests=wish)
    return composed


def choose(pool: Pool, subscribers: Sequence[Subscriber], now: datetime) -> dict[int, list[Choice]]:
    """Each reader's digest by subscriber id, possibly empty; the queries of `compose`, and one."""
    edition = Edition.objects.get(pk=pool.edition_id)
    lengths = {subscriber.pk: subscriber.digest_length for subscriber in subscribers}
    return {pk: composed.choices for pk, composed in compose(edition, pool, lengths, now).items()}
