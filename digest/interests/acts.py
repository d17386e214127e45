"""What a reader presses: a code that travels in a form, its verb, a colon, and an id, a slug or a name.

Each code has another one that undoes it; to press the same twice is to press it once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from digest.errors import InterestError
from digest.interests import changing, voting
from digest.interests.changing import LESS
from digest.models import Interest, InterestKind, Muted, MutedKind, Paper, Vote
from subscriptions import services
from subscriptions.models import Subscriber, SubscriberStatus, Topic
from subscriptions.services import Preferences


class Done(NamedTuple):
    """What was done, in words, and the code that undoes it; none where nothing was."""

    words: str
    undo: str = ""


def act(reader: Subscriber, code: str, now: datetime, allowed: Collection[str] | None = None) -> Done:
    """Do what the code says, once or again; InterestError for one that says nothing, or is none of the `allowed`."""
    verb, _, what = code.partition(":")
    if verb not in ACTS or (allowed is not None and code not in allowed):
        raise InterestError("That button is not known here.")
    return ACTS[verb](reader, what, now)


def _unfollow_topic(reader: Subscriber, slug: str, now: datetime) -> Done:
    wanted = Preferences.of(reader)
    topics = tuple(each for each in wanted.topics if each != slug)
    name = _topic(slug).name
    services.change_preferences(reader, replace(wanted, topics=topics), now)
    rest = "" if topics else f" You follow no topic now: you get {_left(reader)}."
    return Done(f"You no longer follow {name}.{rest}", f"follow-topic:{slug}")


def _left(reader: Subscriber) -> str:
    """What comes to a reader without topics."""
    has_own = Interest.objects.kept().filter(subscriber=reader).exists()
    return "your own interests and what trends" if has_own else "what trends in all of them"


def _follow_topic(reader: Subscriber, slug: str, now: datetime) -> Done:
    wanted = Preferences.of(reader)
    topics = tuple(dict.fromkeys([*wanted.topics, _topic(slug).slug]))
    services.change_preferences(reader, replace(wanted, topics=topics), now)
    return Done(f"You follow {_topic(slug).name} again.", f"unfollow-topic:{slug}")


def _mute(kind: MutedKind) -> Callable[[Subscriber, str, datetime], Done]:
    def act(reader: Subscriber, name: str, now: datetime) -> Done:
        return mute(reader, kind, name, now)

    return act


def mute(reader: Subscriber, kind: MutedKind, typed: str, now: datetime) -> Done:
    """As `changing.mute`; whoever follows an author they mute is told which of the two counts."""
    muted = changing.mute(reader, kind, typed, now)
    words = f"Muted: {muted.name}."
    followed = Interest.objects.kept().filter(subscriber=reader, kind=InterestKind.AUTHOR, text=muted.value)
    if kind == MutedKind.AUTHOR and followed.exists():
        words += " You follow them, too: while they are muted none of their papers comes."
    return Done(words, f"unmute:{muted.pk}")


def _lower(reader: Subscriber, part: str, now: datetime) -> Done:
    lowered = changing.mute(reader, MutedKind.PART, part, now)
    return Done(f"From now on {lowered.name} counts for less.", f"unmute:{lowered.pk}")


def _surprises(reader: Subscriber, wanted: str, now: datetime) -> Done:
    if wanted not in ("0", "1"):
        raise InterestError("That button is not known here.")
    services.change_preferences(reader, replace(Preferences.of(reader), surprises=int(wanted)), now)
    return Done(
        "Your digests bring a surprise." if wanted == "1" else "No more surprises.", f"surprises:{1 - int(wanted)}"
    )


def _unmute(reader: Subscriber, pk: str, now: datetime) -> Done:
    muted = Muted.objects.filter(subscriber=reader, pk=number(pk)).first()
    if muted is None:
        return Done("That is not muted any more.")
    changing.unmute(reader, muted.pk, now)
    if muted.kind == MutedKind.PART:
        return Done(f"Counts fully again: {muted.name}.", f"lower:{muted.value}")
    undo = f"mute-{muted.kind}:{muted.value if muted.kind == MutedKind.TOPIC else muted.name}"
    return Done(f"No longer muted: {muted.name}.", undo)


def _weaken(reader: Subscriber, pk: str, now: datetime) -> Done:
    interest = changing.weigh(reader, number(pk), LESS, now)
    return Done(f"“{_name(interest)}” counts for less now.", f"strengthen:{pk}")


def _strengthen(reader: Subscriber, pk: str, now: datetime) -> Done:
    interest = changing.weigh(reader, number(pk), 100, now)
    return Done(f"“{_name(interest)}” counts as before.", f"weaken:{pk}")


def _remove(reader: Subscriber, pk: str, now: datetime) -> Done:
    interest = changing.remove(reader, number(pk), now)
    return Done(f"Removed: {_name(interest)}.", f"restore:{pk}")


def _restore(reader: Subscriber, pk: str, now: datetime) -> Done:
    interest = changing.restore(reader, number(pk), now)
    return Done(f"Back again: {_name(interest)}.", f"remove:{pk}")


def _withdraw(reader: Subscriber, pk: str, now: datetime) -> Done:
    paper, vote = _voted(reader, pk)
    voting.withdraw(reader, paper, now)
    undo = f"{'more' if vote and vote.wants_more else 'less'}:{paper.pk}"
    return Done("Your vote is taken back.", undo) if vote else Done("There is no vote of yours to take back.")


def _vote(*, wants_more: bool) -> Callable[[Subscriber, str, datetime], Done]:
    def act(reader: Subscriber, pk: str, now: datetime) -> Done:
        paper, _ = _voted(reader, pk)
        voting.cast(reader, paper, now, wants_more=wants_more)
        which = "more" if wants_more else "less"
        return Done(f"Noted: {which} like this. It counts {from_when(reader)}.", f"withdraw:{paper.pk}")

    return act


def from_when(reader: Subscriber) -> str:
    """When a change is felt."""
    is_reading = reader.status == SubscriberStatus.ACTIVE
    return "from your next digest on" if is_reading else "if you subscribe again: you are unsubscribed, nothing is sent"


def _voted(reader: Subscriber, pk: str) -> tuple[Paper, Vote | None]:
    paper = Paper.objects.filter(pk=number(pk)).select_related("merged_into").first()
    if paper is None:
        raise InterestError("This paper is not there any more.")
    final = paper.merged_into or paper
    return final, voting.vote_of(reader, final)


def _topic(slug: str) -> Topic:
    topic = Topic.objects.filter(slug=slug[:50].replace("\0", "")).first()
    if topic is None:
        raise InterestError("We do not have this topic (any more).")
    return topic


def _name(interest: Interest | None) -> str:
    if interest is None:
        raise InterestError("This interest is not there any more.")
    return interest.name


def number(text: str) -> int:
    """An id as a form brings it."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InterestError("That button is not known here.")
    return int(text)


ACTS: Mapping[str, Callable[[Subscriber, str, datetime], Done]] = {
    "unfollow-topic": _unfollow_topic,
    "follow-topic": _follow_topic,
    "mute-topic": _mute(MutedKind.TOPIC),
    "mute-author": _mute(MutedKind.AUTHOR),
    "mute-word": _mute(MutedKind.WORD),
    "lower": _lower,
    "surprises": _surprises,
    "unmute": _unmute,
    "weaken": _weaken,
    "strengthen": _strengthen,
    "remove": _remove,
    "restore": _restore,
    "more": _vote(wants_more=True),
    "less": _vote(wants_more=False),
    "withdraw": _withdraw,
}
