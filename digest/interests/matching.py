"""Names of papers that readers gave; finds the papers they mean, at once or when they have come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db import transaction

from digest.interests import profiles
from digest.models import Interest, InterestPaper, InterestReference
from digest.papers import names
from digest.papers.identity import Name
from digest.sources.identifiers import ARXIV_SCHEME
from subscriptions import sql

AT_A_TIME = 5000
_BY_KEY = "SELECT id, key FROM digest_paper WHERE key = ANY(%(keys)s)"
_FINAL = "SELECT id, coalesce(merged_into_id, id) FROM digest_paper WHERE id = ANY(%(ids)s)"
_COME = """
    SELECT r.interest_id, r.place, i.paper_id
    FROM digest_interestreference r JOIN digest_identifier i ON i.scheme = r.scheme AND i.value = r.value
    UNION ALL
    SELECT r.interest_id, r.place, p.id
    FROM digest_interestreference r JOIN digest_paper p ON p.key = 'arxiv:' || r.value
    WHERE r.scheme = 'arxiv'
    LIMIT %(limit)s
"""


def known(entries: Sequence[Sequence[Name]]) -> list[int | None]:
    """The paper that each of these entries means, by the first of its names that we know."""
    every = {name for entry in entries for name in entry}
    rows = names.holders(every) | _by_arxiv(every)
    final = _final(set(rows.values()))
    return [next((final[rows[name]] for name in entry if name in rows), None) for entry in entries]


def match_waiting(now: datetime, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Let interests have the papers that they waited for and that have come; gives how many. Now and then is enough."""
    done = 0
    while goes_on() and (came := sql.rows(_COME, limit=AT_A_TIME)):
        with transaction.atomic():
            taken = _take(came, now)
        done += taken
        if not taken:
            break
    return done


def _take(came: Sequence[tuple[int, int, int]], now: datetime) -> int:
    """Those of readers whose turn can be taken; the others' come the next time."""
    owners = dict(Interest.objects.filter(pk__in={row[0] for row in came}).values_list("pk", "subscriber"))
    readers = set(profiles.take_turn(set(owners.values()), waits=False))
    final = _final({paper for _, _, paper in came})
    places = {(each, place): final[paper] for each, place, paper in came if owners.get(each) in readers}
    rows = [InterestPaper(interest_id=interest, paper_id=paper) for (interest, _), paper in places.items()]
    InterestPaper.objects.bulk_create(rows, ignore_conflicts=True)
    interests = {interest for interest, _ in places}
    waiting = InterestReference.objects.filter(interest__in=interests).values_list("pk", "interest_id", "place")
    InterestReference.objects.filter(pk__in=[pk for pk, *entry in waiting if tuple(entry) in places]).delete()
    profiles.renew(list({owners[interest] for interest in interests}), now, changed=interests)
    return len(places)


def _by_arxiv(every: Collection[Name]) -> dict[Name, int]:
    """An arXiv id is its paper's key: `names` does not look it up."""
    keys = [f"{scheme}:{value}" for scheme, value in every if scheme == ARXIV_SCHEME]
    return {(ARXIV_SCHEME, key.partition(":")[2]): pk for pk, key in sql.rows(_BY_KEY, keys=keys)} if keys else {}


def _final(papers: Collection[int]) -> dict[int, int]:
    """What each was merged into, or itself: winners are merged into nothing."""
    return dict(sql.rows(_FINAL, ids=list(papers))) if papers else {}
