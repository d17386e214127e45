"""What a reader asked for, as pages show it; in a few queries, however much it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, QuerySet

from digest import search
from digest.interests import profiles
from digest.models import Interest, InterestKind, InterestReference, Muted, MutedKind, Paper, Vote
from digest.models.interests import InterestQuerySet
from digest.ranking.terms import author_key
from subscriptions.models import Subscriber

VOTES_SHOWN = 30
NAMES_OFFERED = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """All that one reader asked for."""

    interests: list[Interest]
    authors: list[Interest]
    muted: list[Muted]
    lowered: list[Muted]
    votes: list[Vote]
    votes_in_all: int

    @property
    def is_empty(self) -> bool:
        return not (self.interests or self.authors or self.muted or self.lowered or self.votes)

    @property
    def weakened(self) -> list[Interest]:
        return [interest for interest in self.interests if interest.percent < 100]


class Namesakes(NamedTuple):
    """How many of our papers are by somebody of that name, and how others write what may be the same."""

    papers: int
    others: list[str]


def interests_of(reader: Subscriber) -> InterestQuerySet:
    """The oldest first."""
    return Interest.objects.kept().filter(subscriber=reader).order_by("created_at", "id")


def asked_by(reader: Subscriber) -> Asked:
    """Five queries. Interests in papers bring `known` and `waiting`, how many papers of theirs came and did not yet."""
    rows = interests_of(reader).annotate(
        known=Count("papers", distinct=True), waiting=Count("references__place", distinct=True)
    )
    kept = list(rows.defer("text"))
    votes = Vote.objects.filter(subscriber=reader)
    muted = list(Muted.objects.filter(subscriber=reader))
    return Asked(
        interests=[row for row in kept if row.kind != InterestKind.AUTHOR],
        authors=[row for row in kept if row.kind == InterestKind.AUTHOR],
        muted=[row for row in muted if row.kind != MutedKind.PART],
        lowered=[row for row in muted if row.kind == MutedKind.PART],
        votes=list(votes.select_related("paper")[:VOTES_SHOWN]),
        votes_in_all=votes.count(),
    )


def lowered_by(reader: Subscriber) -> list[Muted]:
    """The reasons that this reader wanted less of, of those that are so for everybody."""
    return list(Muted.objects.filter(subscriber=reader, kind=MutedKind.PART))


def waits() -> bool:
    """Whether an interest waits for papers, or a profile for the model in use."""
    return InterestReference.objects.exists() or bool(profiles.old_ones(1))


def namesakes(name: str) -> Namesakes:
    """As the search finds them: papers whose authors have all parts of the name."""
    key = author_key(name)
    phrase = "-".join(key.split())
    found = search.find(search.parse(f"author:{phrase}")).papers
    authors: QuerySet[Paper, list[str]] = Paper.objects.filter(pk__in=found).values_list("authors", flat=True)
    spelled: dict[str, int] = {}
    for names in authors:
        for each in dict.fromkeys(names):
            if set(key.split()) <= set(author_key(each).split()):
                spelled[each] = spelled.get(each, 0) + 1
    own = sum(count for each, count in spelled.items() if author_key(each) == key)
    others = sorted((each for each in spelled if author_key(each) != key), key=lambda each: -spelled[each])
    return Namesakes(own, others[:NAMES_OFFERED])
