"""Takes a pool and readers; gives digests, chosen by what is stored of them, thin ones filled from the week before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from digest.models import Edition
from digest.ranking.choosing import choose_for
from digest.ranking.interests import Interests
from digest.ranking.pool import Choice, Pool
from digest.selection import week
from digest.selection.interests import interests_of
from subscriptions.models import Subscriber


class Composed(NamedTuple):
    """A reader's digest in its order, possibly empty, and all that it was chosen by."""

    choices: list[Choice]
    interests: Interests


def compose(edition: Edition, pool: Pool, interests: Mapping[int, Interests], now: datetime) -> dict[int, Composed]:
    """Each reader's digest by subscriber id, in the order given; thin ones filled from the week before.

    No query where no digest is thin.
    """
    digests = dict(zip(interests, choose_for(pool, list(interests.values())), strict=True))
    sizes = {pk: len(choices) for pk, choices in digests.items()}
    composed = {pk: Composed(digests[pk], wish) for pk, wish in interests.items()}
    for pk, filling in week.fill(edition, pool, interests, sizes, now).items():
        wish = interests[pk]._replace(week=tuple(filling.wishes))
        composed[pk] = Composed([*digests[pk], *filling.added], wish)
    return composed


def choose(pool: Pool, subscribers: Sequence[Subscriber], now: datetime) -> dict[int, list[Choice]]:
    """Each reader's digest by subscriber id, possibly empty; the queries of `interests_of` and `compose`, and one."""
    edition = Edition.objects.get(pk=pool.edition_id)
    wanted = interests_of(pool, {subscriber.pk: subscriber.digest_length for subscriber in subscribers}, now)
    return {pk: composed.choices for pk, composed in compose(edition, pool, wanted, now).items()}
