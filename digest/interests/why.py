"""Why a paper was in a reader's digest, in the words of the mail, and what they can do about each reason: less of this.

What is to be done is a code of `acts`: a verb, a colon, and an id, a slug or a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from digest.interests.changing import LESS
from digest.models import Delivery, Interest, InterestKind, Muted, MutedKind, Paper
from digest.models.states import REMEMBERED_STATES
from digest.ranking.parts import LOWERABLE
from digest.ranking.surprise import SURPRISE
from digest.ranking.telling import capitalised, clause, on_topic
from digest.ranking.terms import author_key
from subscriptions.models import Subscriber, Topic

Parts = Sequence[tuple[str, float]]
NEWEST = 5  # digests that may hold the paper: it comes once


class Way(NamedTuple):
    """One way to get less of it: the code, and the words on its button."""

    code: str
    label: str


class Why(NamedTuple):
    """One reason in words, what it was worth, and the ways to get less of it."""

    words: str
    worth: float
    ways: tuple[Way, ...]


def parts_in_digest(reader: Subscriber, paper: Paper) -> Parts:
    """The score's parts of the newest digest of this reader that holds the paper, under whatever id."""
    ids = {paper.pk, *Paper.objects.filter(merged_into=paper).values_list("pk", flat=True)}
    sent = Delivery.objects.filter(
        subscriber=reader, edition__entries__paper__in=ids, state__in=[state.value for state in REMEMBERED_STATES]
    )
    for delivery in sent.select_related("digest").order_by("-id")[:NEWEST]:
        for item in delivery.selection:
            if item["paper"] in ids:
                return [(name, value) for name, value in item["parts"]]
    return []


def reasons(reader: Subscriber, parts: Parts) -> list[Why]:
    """What spoke for the paper, most first."""
    known = _Known(reader)
    least = on_topic(tuple(parts))
    told = [
        (name, value, capitalised(clause(name, value, known.topics, on_topic=least)))
        for name, value in parts
        if value > 0
    ]
    return [Why(words, value, tuple(known.ways(name))) for name, value, words in told]


def allowed(reader: Subscriber, paper: Paper, parts: Parts) -> set[str]:
    """The codes that a link to this paper opens: a vote on it, less of what it was chosen for, and back again.

    No others: whoever was forwarded the mail would learn from the answers what else the reader follows and mutes.
    """
    names = [part.partition(":")[::2] for part, _ in parts]
    slugs = [name for kind, name in names if kind == "topic"]
    authors = {author_key(name): name for kind, name in names if kind == "author"}
    own = Q(name__in=[name for kind, name in names if kind == "interest"]) & ~Q(kind=InterestKind.AUTHOR)
    own |= Q(kind=InterestKind.AUTHOR, text__in=authors)
    common = [part for part, _ in parts if part in LOWERABLE]
    muted = Q(kind=MutedKind.PART, value__in=common)
    muted |= Q(kind=MutedKind.TOPIC, value__in=slugs) | Q(kind=MutedKind.AUTHOR, value__in=authors)
    verbs: dict[tuple[str, ...], Iterable[object]] = {
        ("more", "less", "withdraw"): [paper.pk],
        ("unfollow-topic", "follow-topic", "mute-topic"): slugs,
        ("mute-author",): authors.values(),
        ("lower",): common,
        ("surprises",): [0, 1] if any(part == SURPRISE for part, _ in parts) else [],
        ("weaken", "strengthen", "remove", "restore"): _ids(Interest.objects.filter(own, subscriber=reader)),
        ("unmute",): _ids(Muted.objects.filter(muted, subscriber=reader)),
    }
    return {f"{verb}:{what}" for several, whats in verbs.items() for what in whats for verb in several}


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


class _Known:
    """What a reader follows, read once for all reasons."""

    def __init__(self, reader: Subscriber) -> None:
        self.followed = dict(reader.topics.values_list("slug", "name"))
        self.topics = dict(Topic.objects.values_list("slug", "name"))
        self.surprises = reader.surprises
        lowered = Muted.objects.filter(subscriber=reader, kind=MutedKind.PART)
        self.lowered = dict(lowered.values_list("value", "pk"))
        rows = Interest.objects.kept().filter(subscriber=reader).defer("text")
        self.interests = {row.name: row for row in rows if row.kind != InterestKind.AUTHOR}
        self.authors = {author_key(row.name): row for row in rows if row.kind == InterestKind.AUTHOR}

    def ways(self, part: str) -> Iterator[Way]:
        kind, _, name = part.partition(":")
        if kind == "topic" and name in self.topics:
            if name in self.followed:
                yield Way(f"unfollow-topic:{name}", f"Unfollow {self.topics[name]}")
            else:
                yield Way(f"mute-topic:{name}", f"Mute {self.topics[name]}")
        if kind == "interest" and name in self.interests:
            interest = self.interests[name]
            if interest.percent > LESS:
                yield Way(f"weaken:{interest.pk}", "Let it count for less")
            yield Way(f"remove:{interest.pk}", "Remove this interest")
        if part in self.lowered:
            yield Way(f"unmute:{self.lowered[part]}", "Let it count fully again")
        elif part in LOWERABLE:
            yield Way(f"lower:{part}", "Let it count for less")
        if part == SURPRISE:
            yield Way(
                f"surprises:{1 - self.surprises}", "No more surprises" if self.surprises else "Bring surprises again"
            )
        if kind == "author":
            if followed := self.authors.get(author_key(name)):
                yield Way(f"remove:{followed.pk}", f"Unfollow {followed.name}")
            else:
                yield Way(f"mute-author:{name}", f"Mute {name}")
