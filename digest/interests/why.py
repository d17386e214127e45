"""Why a paper was in a reader's digest, in words, and what they can do about each reason: less of this.

What is to be done is a code of `acts`: a verb, a colon, and an id, a slug or a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from digest.interests.changing import LESS
from digest.interests.profiles import VOTED
from digest.models import Delivery, Interest, InterestKind, Muted, MutedKind, Paper
from digest.models.states import REMEMBERED_STATES
from digest.ranking.telling import NEAR, how_discussed
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
    return [Why(known.told(name, value), value, tuple(known.ways(name))) for name, value in parts if value > 0]


def allowed(reader: Subscriber, paper: Paper, parts: Parts) -> set[str]:
    """The codes that a link to this paper opens: a vote on it, less of what it was chosen for, and back again.

    No others: whoever was forwarded the mail would learn from the answers what else the reader follows and mutes.
    """
    names = [part.partition(":")[::2] for part, _ in parts]
    slugs = [name for kind, name in names if kind == "topic"]
    authors = {author_key(name): name for kind, name in names if kind == "author"}
    own = Q(name__in=[name for kind, name in names if kind == "interest"]) & ~Q(kind=InterestKind.AUTHOR)
    own |= Q(kind=InterestKind.AUTHOR, text__in=authors)
    muted = Q(kind=MutedKind.TOPIC, value__in=slugs) | Q(kind=MutedKind.AUTHOR, value__in=authors)
    verbs: dict[tuple[str, ...], Iterable[object]] = {
        ("more", "less", "withdraw"): [paper.pk],
        ("unfollow-topic", "follow-topic", "mute-topic"): slugs,
        ("mute-author",): authors.values(),
        ("weaken", "strengthen", "remove", "restore"): _ids(Interest.objects.filter(own, subscriber=reader)),
        ("unmute",): _ids(Muted.objects.filter(muted, subscriber=reader)),
    }
    return {f"{verb}:{what}" for several, whats in verbs.items() for what in whats for verb in several}


def _how_near(value: float) -> str:
    return "near" if value >= NEAR else "a little like"


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


class _Known:
    """What a reader follows, read once for all reasons."""

    def __init__(self, reader: Subscriber) -> None:
        self.followed = dict(reader.topics.values_list("slug", "name"))
        self.topics = dict(Topic.objects.values_list("slug", "name"))
        rows = Interest.objects.kept().filter(subscriber=reader).defer("text")
        self.interests = {row.name: row for row in rows if row.kind != InterestKind.AUTHOR}
        self.authors = {author_key(row.name): row for row in rows if row.kind == InterestKind.AUTHOR}

    def told(self, part: str, value: float) -> str:
        kind, _, name = part.partition(":")
        match kind:
            case "topic":
                said = f"It is about {self.topics.get(name, name)}"
                said += ", a topic you follow" if name in self.followed else ""
            case "interest" if name == VOTED:
                said = f"It is {_how_near(value)} papers you liked"  # not which: the mail may have been forwarded
            case "interest":
                said = f"It is {_how_near(value)} “{name}”"
                said += ", an interest of yours" if name in self.interests else ""
            case "author":
                is_followed = author_key(name) in self.authors
                said = f"It is by {name}" + (", whom you follow" if is_followed else ", whose papers you liked")
            case "trend":
                said = f"It is {discussed}" if (discussed := how_discussed(value)) else "A few others voted for it"
            case "prediction":
                said = "It is likely to be discussed (a prediction)"
            case "editor":
                said = "An editor picked it"
            case _:
                said = name or kind
        return said

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
        if kind == "author":
            if followed := self.authors.get(author_key(name)):
                yield Way(f"remove:{followed.pk}", f"Unfollow {followed.name}")
            else:
                yield Way(f"mute-author:{name}", f"Mute {name}")
