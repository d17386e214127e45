"""Authors that count for a reader: those they follow, and a little who wrote what they liked or gave."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from digest.interests.given import Papers, Votes
from digest.models import Interest, InterestKind
from digest.ranking import taste
from digest.ranking.score import POINTS, WEIGHTS
from digest.ranking.terms import author_key
from subscriptions import sql

FOLLOWED = round(WEIGHTS.author * POINTS)
LARGEST_TEAM = 12  # of longer lists, who is on one says little
_AUTHORS = "SELECT id, authors FROM digest_paper WHERE id = ANY(%(ids)s)"


def authors_of(
    interests: Sequence[Interest], keys: Mapping[int, str], papers: Mapping[int, Papers], votes: Mapping[int, Votes]
) -> dict[int, dict[str, int]]:
    """By reader: keys of names, and what a paper by them is worth, in points.

    `keys` are those of the authors they follow, by interest.
    """
    liked: dict[int, set[int]] = defaultdict(set)
    for interest in interests:
        liked[interest.subscriber_id].update(papers[interest.pk].known if interest.pk in papers else ())
    for reader, each in votes.items():
        liked[reader].update(each.liked)
    names = _names({paper for each in liked.values() for paper in each})
    found = {reader: taste.noticed(_of(names, theirs)) for reader, theirs in liked.items() if theirs}
    for interest in interests:
        if interest.kind == InterestKind.AUTHOR:
            points = FOLLOWED * interest.percent // 100
            found.setdefault(interest.subscriber_id, {})[keys[interest.pk]] = points
    return found


def _of(names: Mapping[int, Sequence[str]], papers: set[int]) -> Iterator[Sequence[str]]:
    """In an order that does not depend on the database's."""
    for paper in sorted(papers):
        yield names.get(paper, ())


def _names(papers: set[int]) -> dict[int, list[str]]:
    if not papers:
        return {}
    rows = sql.rows(_AUTHORS, ids=sorted(papers))
    authors = {pk: json.loads(found) if isinstance(found, str) else found for pk, found in rows}
    small = {pk: found for pk, found in authors.items() if len(found) <= LARGEST_TEAM}
    return {pk: [key for name in found if (key := author_key(name))] for pk, found in small.items()}
