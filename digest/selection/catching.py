"""Takes an edition and a reader; gives what each of their interests finds in it, and what each muting keeps away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digest.interests.noticed import FOLLOWED
from digest.interests.profiles import FOR_VOTES, VOTED
from digest.interests.queries import interests_of
from digest.models import Edition, InterestKind, Muted, Paper
from digest.ranking.interests import Interests
from digest.ranking.pool import Pool
from digest.ranking.score import order
from digest.selection.muting import Mutes, names_by_key
from digest.selection.pool import load_pool
from digest.selection.wishes import Wish, wishes_of
from subscriptions.models import Subscriber

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Caught:
    """How many of the edition's papers, and the best of them."""

    count: int = 0
    papers: Sequence[Paper] = ()

    @property
    def more(self) -> int:
        return self.count - len(self.papers)


@dataclass(frozen=True, slots=True)
class Catch:
    """`interests` by interest's id, 0 for what votes find; `muted` by the muting's id, how many papers it keeps
    away.
    """

    papers: int
    left: int  # papers that nothing keeps away
    interests: Mapping[int, Caught] = field(default_factory=dict)
    muted: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_all_muted(self) -> bool:
        return bool(self.papers) and not self.left


def caught(edition: Edition, reader: Subscriber) -> Catch:
    """In a handful of queries."""
    pool = load_pool(edition)
    offered = set(pool.paper_ids[pool.offered].tolist()) - pool.gone
    wish = wishes_of(pool, [reader.pk]).get(reader.pk)
    if wish is None:
        return Catch(len(offered), len(offered))
    muted = _kept_away(pool, reader, offered)
    return Catch(len(offered), len(offered - wish.withheld), _found(pool, reader, wish, offered - wish.withheld), muted)


def _kept_away(pool: Pool, reader: Subscriber, offered: set[int]) -> dict[int, int]:
    mutes = Mutes(pool)
    rows = Muted.objects.filter(subscriber=reader)
    return {row.pk: len(offered & mutes.papers(row.kind, row.value)) for row in rows}


def _found(pool: Pool, reader: Subscriber, wish: Wish, offered: set[int]) -> dict[int, Caught]:
    """Each interest is met with the pool as if it were a reader's only one."""
    alone = _each_alone(pool, reader, wish)
    if not alone or not len(pool.paper_ids):
        return {}
    scored = pool.table.meet(list(alone.values())).scored
    best = [order(points, pool.paper_ids) for points in scored.points]
    ids = {
        key: [int(pool.paper_ids[place]) for place in places if fits[place] and int(pool.paper_ids[place]) in offered]
        for key, places, fits in zip(alone, best, scored.fits, strict=True)
    }
    papers = Paper.objects.in_bulk({pk for found in ids.values() for pk in found[:SHOWN]})
    return {key: Caught(len(found), [papers[pk] for pk in found[:SHOWN]]) for key, found in ids.items()}


def _each_alone(pool: Pool, reader: Subscriber, wish: Wish) -> dict[int, Interests]:
    """By interest's id. Authors that nobody follows, and what was voted down, are no interests."""
    profiles = {profile.name: profile for profile in wish.profiles}
    ids = {name: pk for pk, name in interests_of(reader).exclude(kind=InterestKind.AUTHOR).values_list("pk", "name")}
    ids[VOTED] = FOR_VOTES
    alone = {ids[name]: Interests(profiles=(profile,)) for name, profile in profiles.items() if name in ids}
    names = names_by_key(pool)
    for pk, key in interests_of(reader).filter(kind=InterestKind.AUTHOR).values_list("pk", "text"):
        alone[pk] = Interests(authors=tuple((name, FOLLOWED) for name in names.get(key, ())), is_unmet=key not in names)
    return alone
