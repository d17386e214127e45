"""How much a reader may ask for, and the words for whoever asks for more."""

from __future__ import annotations

from django.db.models import QuerySet

from digest.errors import InterestError
from digest.models import Interest, InterestKind, InterestPaper, InterestReference, Muted
from subscriptions.models import Subscriber

MOST_INTERESTS = 30  # in words or papers: each has a fair share of a digest of at most 30 papers
MOST_AUTHORS = 200
MOST_MUTED = 200
MOST_PAPERS = 10_000  # of all interests of a reader, known or not
MOST_REMOVED = 10  # that can still be had back
LONGEST_TEXT = 50_000
# Votes beyond these go, the oldest first: they tell little of what somebody reads now.
MOST_VOTES = 1000


def room_for_interest(reader: Subscriber, field: str) -> None:
    kept = Interest.objects.kept().filter(subscriber=reader).exclude(kind=InterestKind.AUTHOR)
    _room(kept, MOST_INTERESTS, "interests", field)


def room_for_author(reader: Subscriber, field: str) -> None:
    kept = Interest.objects.kept().filter(subscriber=reader, kind=InterestKind.AUTHOR)
    _room(kept, MOST_AUTHORS, "authors", field)


def room_for_muted(reader: Subscriber, field: str) -> None:
    _room(Muted.objects.filter(subscriber=reader), MOST_MUTED, "muted words, authors and topics", field)


def room_for_papers(reader: Subscriber, more: int, field: str) -> None:
    known = InterestPaper.objects.filter(interest__subscriber=reader).count()
    waiting = InterestReference.objects.filter(interest__subscriber=reader).values("interest", "place").distinct()
    if known + waiting.count() + more > MOST_PAPERS:
        raise InterestError(f"That would be more than {MOST_PAPERS:,} papers. Please remove an interest first.", field)


def _room(rows: QuerySet[Interest] | QuerySet[Muted], most: int, what: str, field: str) -> None:
    if rows.count() >= most:
        raise InterestError(f"You have {most} {what} already, which is the most. Please remove one first.", field)
