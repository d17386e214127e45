"""Takes a score's parts; gives why the paper was chosen, as one plain sentence: the same on mail, site and desk.

Whom or what the reader knows comes first: a person, then what they liked or described, then topics; after that what is
so for everybody. The numbers themselves are told beside it, by whoever shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from digest.ranking.score import WEIGHTS, Parts
from digest.ranking.table import EDITOR, TREND, TRENDING

# Parts' names, or the beginnings of names that go on with what they are about.
AUTHOR, INTEREST, TOPIC = "author:", "interest:", "topic:"
PREDICTION, WEEK = "prediction", "week"
LIKED = "papers you liked"
# Of a score: below, the reader did not ask for it but comes near it.
FOLLOWED_AUTHOR = 0.36
ON_TOPIC = 0.1
# Below BARELY a paper shares some words with an interest, and is in a digest for something else: that is no reason.
BARELY, NEAR = 0.12, 0.17
MUCH = WEIGHTS.trend * TRENDING
SOME = MUCH / 3
TOPICS_NAMED = 3
NAME_LENGTH = 80  # characters


def sentence(parts: Parts, topics: Mapping[str, str]) -> str:
    """One sentence without its full stop, never empty; `topics` maps slugs to names.

    "By Chelsea Finn, whom you follow; much discussed today". What tells against a paper is not in it.
    """
    told = tuple((name, value) for name, value in parts if value > 0 or name == WEEK)
    clauses = [clause for teller in TELLERS for clause in teller(told, topics)]
    first, *others = clauses or ["Among the best of what is new"]
    return "; ".join([f"{first[0].upper()}{first[1:]}", *others])


def after_why(told: str) -> str:
    """A sentence as it stands behind "Why:"."""
    plain = told.removeprefix("Because ")
    return f"{plain[0].lower()}{plain[1:]}"


def how_discussed(trend: float) -> str:
    """What a part of a score says of how many speak of a paper; nothing where they are few."""
    return "much discussed" if trend >= MUCH else "discussed" if trend >= SOME else ""


def _authors(parts: Parts, topics: Mapping[str, str]) -> Iterator[str]:
    for name, value in _of_kind(parts, AUTHOR):
        yield f"by {_shortened(name)}, {'whom you follow' if value >= FOLLOWED_AUTHOR else 'whose papers you liked'}"


def _interests(parts: Parts, topics: Mapping[str, str]) -> Iterator[str]:
    for name, value in _of_kind(parts, INTEREST):
        if value >= BARELY:
            how = "near" if value >= NEAR else "a little like"
            yield f"{how} {LIKED}" if name == LIKED else f"{how} “{_shortened(name)}”, your interest"


def _topics(parts: Parts, topics: Mapping[str, str]) -> Iterator[str]:
    """Topics that are barely touched are named only where there is none that the reader follows."""
    found = [(_shortened(topics.get(slug, slug)), value) for slug, value in _of_kind(parts, TOPIC)]
    followed = [name for name, value in found if value >= ON_TOPIC]
    if followed:
        yield f"because you follow {_listed(followed)}"
    elif found:
        yield f"about {found[0][0]}"


def _common(parts: Parts, topics: Mapping[str, str]) -> Iterator[str]:
    worth = dict(parts)
    when = "that day" if WEEK in worth else "today"
    if worth.get(EDITOR, 0) > 0:
        yield "picked by our editors"
    if discussed := how_discussed(worth.get(TREND, 0)):
        yield f"{discussed} {when}"
    if worth.get(PREDICTION, 0) > 0:
        yield "likely to be discussed (a prediction)"
    if WEEK in worth:
        yield "from this week, as today has little for you"


TELLERS: Sequence[Callable[[Parts, Mapping[str, str]], Iterator[str]]] = (_authors, _interests, _topics, _common)


def _of_kind(parts: Parts, kind: str) -> list[tuple[str, float]]:
    return [(name.removeprefix(kind), value) for name, value in parts if name.startswith(kind)]


def _listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and 2 more"."""
    if len(names) == 1:
        return names[0]
    if len(names) <= TOPICS_NAMED:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: TOPICS_NAMED - 1])} and {len(names) - TOPICS_NAMED + 1} more"


def _shortened(name: str) -> str:
    """On one line, and no longer than a clause can bear."""
    plain = " ".join(name.split())
    return plain if len(plain) <= NAME_LENGTH else f"{plain[: NAME_LENGTH - 1].rstrip()}…"
