"""What readers asked for beyond topics, as the parts of a score that a pool's papers meet it with."""

from __future__ import annotations

from collections.abc import Sequence

from digest.ranking.parts.authors import AuthorPart
from digest.ranking.parts.away import AwayPart
from digest.ranking.parts.base import OwnPart
from digest.ranking.parts.profiles import ProfilePart
from digest.ranking.score import POINTS, WEIGHTS, Weights
from digest.ranking.side import Side

# The likeness from which a paper counts for an interest, and from which it is about it: of 400 papers of a month one in
# forty is nearer to a few words than that. Where words are all that is known, they have to do more.
FLOOR, ENOUGH = 0.1, 0.42
YOUNG_FLOOR, YOUNG_ENOUGH = 0.05, 0.39
# From there on a paper loses for its likeness to what was voted down.
AWAY_FLOOR = 0.25
# Of an interest: a paper that says the very same is no news, and less than what an editor pinned.
MOST = round(0.8 * POINTS)


def own_parts(side: Side, authors: Sequence[frozenset[str]], weights: Weights = WEIGHTS) -> tuple[OwnPart, ...]:
    """Papers' vectors, and their authors, each by one key."""
    floor, enough = (FLOOR, ENOUGH) if side.meaning.any() else (YOUNG_FLOOR, YOUNG_ENOUGH)
    return (
        ProfilePart(side, weights.interest, floor, enough, MOST),
        AwayPart(side, weights.away, AWAY_FLOOR, MOST),
        AuthorPart.of(authors),
    )
