"""Takes a score's parts; gives why the paper was chosen, as one plain sentence: the same on mail, site and desk.

Whom or what the reader knows comes first: a person, then what they liked or described, then topics; after that what is
so for everybody. The numbers themselves are told beside it, by whoever shows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from digest.ranking.score import POINTS, WEIGHTS, Parts
from digest.ranking.surprise import SURPRISE
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
LITTLE = 1 / POINTS  # anything
# A paper is likely to be discussed where that is told of it rather than the contrary: of one in twenty.
LIKELY = WEIGHTS.prediction / 2
# In the order of what readers know best: from what worth on each kind of part is a reason; what tells against is none.
LEAST = {
    SURPRISE: LITTLE,
    AUTHOR: LITTLE,
    INTEREST: BARELY,
    TOPIC: LITTLE,
    EDITOR: LITTLE,
    TREND: SOME,
    PREDICTION: LIKELY,
    WEEK: -math.inf,
}
NAMED = (AUTHOR, INTEREST, TOPIC)
TOPICS_NAMED = 3
NAME_LENGTH = 80  # characters


def sentence(parts: Parts, topics: Mapping[str, str]) -> str:
    """One sentence without its full stop, never empty; `topics` maps slugs to names.

    "By Chelsea Finn, whom you follow; much discussed today". What tells against a paper is not in it.
    """
    clauses = list(_reasons(parts, topics)) or ["among the best of what is new"]
    return capitalised("; ".join(clauses))


def capitalised(told: str) -> str:
    return f"{told[0].upper()}{told[1:]}"


def after_why(told: str) -> str:
    """A sentence as it stands behind "Why:"."""
    plain = told.removeprefix("Because ")
    return f"{plain[0].lower()}{plain[1:]}"


def clause(name: str, value: float, topics: Mapping[str, str], when: str = "today", on_topic: float = ON_TOPIC) -> str:
    """What one part of a score that speaks for a paper says; below `on_topic` a topic is only touched."""
    kind, about = next(((kind, name.removeprefix(kind)) for kind in NAMED if name.startswith(kind)), (name, ""))
    match kind:
        case "author:":
            how = "whom you follow" if value >= FOLLOWED_AUTHOR else "whose papers you liked"
            return f"by {_shortened(about)}, {how}"
        case "interest:":
            how = "near" if value >= NEAR else "a little like"
            return f"{how} {LIKED}" if about == LIKED else f"{how} “{_shortened(about)}”, your interest"
        case "topic:":
            topic = _shortened(topics.get(about, about))
            return f"because you follow {topic}" if value >= on_topic else f"about {topic}"
        case "surprise":
            return "a surprise, near what you asked for"
        case "editor":
            return "picked by our editors"
        case "trend":
            how = "much discussed" if value >= MUCH else "discussed" if value >= SOME else "voted for by a few"
            return f"{how} {when}"
        case "prediction":
            return f"{'likely to be' if value >= LIKELY else 'perhaps to be'} discussed (a prediction)"
        case "week":
            return "from this week, as today has little for you"
        case _:
            return about or name


def _reasons(parts: Parts, topics: Mapping[str, str]) -> Iterator[str]:
    """Clauses in the order of what readers know best. What is barely there is no reason."""
    when = "that day" if any(name == WEEK for name, _ in parts) else "today"
    for kind, least in LEAST.items():
        found = tuple((name, value) for name, value in parts if name.startswith(kind) and value >= least)
        if kind == TOPIC:
            yield from _topics(found, topics, on_topic(parts))
        else:
            yield from (clause(name, value, topics, when) for name, value in found)


def on_topic(parts: Parts) -> float:
    """From what worth on a topic is why: never for a surprise."""
    return math.inf if any(name == SURPRISE for name, _ in parts) else ON_TOPIC


def _topics(parts: Parts, topics: Mapping[str, str], least: float) -> Iterator[str]:
    """Topics that are barely touched are named only where there is none that the reader follows."""
    names = [_shortened(topics.get(name.removeprefix(TOPIC), name.removeprefix(TOPIC))) for name, _ in parts]
    if followed := [name for name, (_, value) in zip(names, parts, strict=True) if value >= least]:
        yield f"because you follow {_listed(followed)}"
    elif parts:
        yield clause(*parts[0], topics, on_topic=least)


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
