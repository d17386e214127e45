"""Interests and readers in; the papers that were given or voted on out, as many as count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from subscriptions import sql

PAPERS_COUNTED = 300  # of an interest, the last ones given
TITLES_COUNTED = 300
VOTES_COUNTED = 100  # of each kind, the newest
_PAPERS = """
    SELECT interest_id, paper_id FROM (
        SELECT interest_id, paper_id, row_number() OVER (PARTITION BY interest_id ORDER BY id DESC) AS place
        FROM digest_interestpaper WHERE interest_id = ANY(%(interests)s)
    ) AS given WHERE place <= %(most)s
"""
_TITLES = """
    SELECT interest_id, title FROM (
        SELECT interest_id, title, row_number() OVER (PARTITION BY interest_id ORDER BY place) AS number
        FROM (
            SELECT interest_id, place, max(title) AS title FROM digest_interestreference
            WHERE interest_id = ANY(%(interests)s) AND title <> '' GROUP BY interest_id, place
        ) AS entries
    ) AS numbered WHERE number <= %(most)s
"""
_VOTES = """
    SELECT subscriber_id, paper_id, wants_more FROM (
        SELECT subscriber_id, paper_id, wants_more,
            row_number() OVER (PARTITION BY subscriber_id, wants_more ORDER BY cast_at DESC, id DESC) AS place
        FROM digest_vote WHERE subscriber_id = ANY(%(readers)s)
    ) AS given WHERE place <= %(most)s
"""


@dataclass(slots=True)
class Papers:
    """Of one interest: ids of those that are known, titles of those that are waited for."""

    known: list[int] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Votes:
    """Of one reader, ids of papers, the newest vote first."""

    liked: list[int] = field(default_factory=list)
    disliked: list[int] = field(default_factory=list)


def papers_of(interests: Sequence[int]) -> dict[int, Papers]:
    """By interest; those without any are left out. Two queries."""
    found: dict[int, Papers] = defaultdict(Papers)
    if interests:
        for interest, paper in sql.rows(_PAPERS, interests=list(interests), most=PAPERS_COUNTED):
            found[interest].known.append(paper)
        for interest, title in sql.rows(_TITLES, interests=list(interests), most=TITLES_COUNTED):
            found[interest].titles.append(title)
    return dict(found)


def votes_of(readers: Sequence[int]) -> dict[int, Votes]:
    """By reader; those who never voted are left out."""
    found: dict[int, Votes] = defaultdict(Votes)
    for reader, paper, wants_more in sql.rows(_VOTES, readers=list(readers), most=VOTES_COUNTED):
        votes = found[reader]
        (votes.liked if wants_more else votes.disliked).append(paper)
    return dict(found)
