"""Takes a pool and readers; gives what those who asked for more than topics have: profiles, authors, mutes, votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from digest.interests import profiles
from digest.interests.profiles import Made
from digest.models import MutedKind
from digest.ranking.interests import Interests, Profile
from digest.ranking.pool import Pool
from digest.selection.muting import Mutes, names_by_key
from digest.selection.pool import space_of
from subscriptions import sql

_GIVEN = """
    SELECT i.subscriber_id, g.paper_id
    FROM digest_interest i JOIN digest_interestpaper g ON g.interest_id = i.id
    WHERE i.subscriber_id = ANY(%(readers)s) AND i.removed_at IS NULL AND g.paper_id = ANY(%(papers)s)
"""
NOTHING: frozenset[int] = frozenset()


class Wish(NamedTuple):
    """One reader's, as far as this pool is concerned."""

    withheld: frozenset[int]
    profiles: tuple[Profile, ...]
    authors: tuple[tuple[str, int], ...]
    away: bytes
    is_open: bool
    lowered: tuple[str, ...] = ()

    def given_to(self, reader: Interests) -> Interests:
        withheld = reader.withheld | self.withheld if self.withheld else reader.withheld
        own = self.profiles, self.authors, self.away, self.is_open, self.is_unmet, self.lowered
        return Interests(reader.topics, reader.length, withheld, *own)

    @property
    def is_unmet(self) -> bool:
        return not (self.is_open or self.profiles or self.authors)


def wishes_of(pool: Pool, readers: Sequence[int]) -> dict[int, Wish]:
    """By reader; who has topics alone is left out. One query, two more where there is anybody, and one for the pool's
    words if a reader mutes any.

    Rows of another model than the pool's are made anew in memory, for all these readers at once.
    """
    rows = profiles.stored(readers)
    if not rows:
        return {}
    space = space_of(pool)
    if others := [reader for reader, row in rows.items() if row.model != space.key]:
        rows |= profiles.made_for(others, space)
    mutes, names, known = Mutes(pool), names_by_key(pool), _known(pool, list(rows))
    return {reader: _wish(row, known.get(reader, NOTHING), mutes, names) for reader, row in rows.items()}


def _known(pool: Pool, readers: Sequence[int]) -> dict[int, frozenset[int]]:
    """The pool's papers that readers gave for an interest themselves: they are no news to them. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    for reader, paper in sql.rows(_GIVEN, readers=list(readers), papers=list(pool.known_as)):
        found[reader].update(pool.known_as[paper])
    return {reader: frozenset(papers) for reader, papers in found.items()}


def _wish(made: Made, known: frozenset[int], mutes: Mutes, names: Mapping[str, Sequence[str]]) -> Wish:
    return Wish(
        withheld=mutes.withheld(made.muted) | known if made.muted else known,
        profiles=tuple([Profile(name, weighed(vector, percent)) for _, name, percent, vector in made.profiles]),
        authors=tuple([(name, points) for key, points in made.authors.items() for name in names.get(key, ())]),
        away=made.away,
        is_open=not made.asked,
        lowered=tuple(made.muted.get(MutedKind.PART, ())),
    )


@lru_cache(maxsize=4096)
def weighed(vector: bytes, percent: int) -> bytes:
    """A vector of less length where its interest is to count for less: what is barely near is near no longer."""
    if percent == 100:
        return vector
    shorter = np.frombuffer(vector, dtype=np.int8).astype(np.float64) * (percent / 100)
    return np.rint(shorter).astype(np.int8).tobytes()
