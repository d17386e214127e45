"""A reader's word on a paper: more like this, less like this, or never mind. The same word twice is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Q

from digest.interests import limits
from digest.interests.changing import changing
from digest.models import Paper, Vote
from subscriptions.models import Subscriber


def cast(reader: Subscriber, paper: Paper, now: datetime, *, wants_more: bool) -> None:
    """The last word counts; of too many votes the oldest are forgotten."""
    with changing(reader, now):
        Vote.objects.update_or_create(
            subscriber=reader, paper=paper, defaults={"wants_more": wants_more, "cast_at": now}
        )
        old = Vote.objects.filter(subscriber=reader).order_by("-cast_at", "-id").values_list("pk", flat=True)
        if beyond := list(old[limits.MOST_VOTES :]):
            Vote.objects.filter(pk__in=beyond).delete()


def withdraw(reader: Subscriber, paper: Paper, now: datetime) -> None:
    with changing(reader, now):
        Vote.objects.filter(subscriber=reader, paper=paper).delete()


def vote_of(reader: Subscriber, paper: Paper) -> Vote | None:
    return Vote.objects.filter(subscriber=reader, paper=paper).first()


def counted(papers: Sequence[int]) -> Mapping[int, tuple[int, int]]:
    """How many readers wanted more, and how many less, like each of these papers."""
    votes = Vote.objects.filter(paper__in=papers).order_by().values("paper")
    rows = votes.annotate(more=Count("pk", filter=Q(wants_more=True)), less=Count("pk", filter=Q(wants_more=False)))
    return {row["paper"]: (row["more"], row["less"]) for row in rows}
