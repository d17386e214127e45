"""A choice's score parts in, the line that tells the reader why out: as words, and encoded for HTML and for text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from digest.rendering import quoted, words
from digest.rendering.cards import TEXT_INDENT
from digest.rendering.memory import Memory
from subscriptions.inlining import serialised

TEXT_LINE = 78
TEXT_OPENING = f"{TEXT_INDENT}Why: "
NAME_BYTES = 120
TOPICS_SHOWN = 5
TOPIC_PART = "topic:"
ON_TOPIC = 0.1  # of a score: clearly about one of the reader's topics
OTHERS = "others"
NAMES = {
    "trend": "trend",
    "editor": "editor’s pick",
    "prediction": "likely to trend (a prediction)",
    OTHERS: "other topics",
}
NAMES_OF_LOSSES = {"editor": "editor’s order", "week": "days since"}

Parts = tuple[tuple[str, float], ...]


class Reason(NamedTuple):
    """`wrapped` is the line for the text part; `size` counts the bytes of `html`, decoded."""

    html: bytes
    text: bytes
    size: int
    is_on_topic: bool
    line: str
    wrapped: str


class Reasons:
    """Reads "Robotics 0.61 + trend 0.22 + editor’s pick 0.10" off the parts: none is left out but what rounds to 0.00.

    Of more than five topics, the weaker ones are added up. Lines are remembered, as readers share them.
    """

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = topics
        self.known: Memory[Parts, Reason] = Memory()

    def line(self, parts: Parts) -> Reason:
        return self.known.get(parts) or self.known.keep(parts, self._compose(parts))

    def _compose(self, parts: Parts) -> Reason:
        pieces = [self._piece(name, cents, is_first=not place) for place, (name, cents) in enumerate(_shown(parts))]
        line, wrapped = "".join(pieces), _wrapped(pieces)
        html = serialised(line)
        is_on_topic = sum(value for name, value in parts if name.startswith(TOPIC_PART)) >= ON_TOPIC
        return Reason(quoted.encode(html), quoted.encode(wrapped), len(html.encode()), is_on_topic, line, wrapped)

    def _piece(self, name: str, cents: int, *, is_first: bool) -> str:
        sign = ("− " if cents < 0 else "") if is_first else (" − " if cents < 0 else " + ")
        return f"{sign}{self._name(name, is_loss=cents < 0)} {abs(cents) / 100:.2f}"

    def _name(self, name: str, *, is_loss: bool) -> str:
        if is_loss and name in NAMES_OF_LOSSES:
            return NAMES_OF_LOSSES[name]
        kind, _, slug = name.partition(":")
        known = NAMES.get(name) or self._topics.get(slug) or slug or kind
        return words.shorten(words.one_line(known), NAME_BYTES)


def _shown(parts: Parts) -> list[tuple[str, int]]:
    cents = [(name, hundredths) for name, value in parts if (hundredths := round(value * 100))]
    topics = [part for part in cents if part[0].startswith(TOPIC_PART)]
    if len(topics) > TOPICS_SHOWN:
        kept = sorted(topics, key=lambda part: -abs(part[1]))[: TOPICS_SHOWN - 1]
        rest = sum(value for _, value in topics) - sum(value for _, value in kept)
        others = [(OTHERS, rest)] if rest else []
        cents = [*kept, *others, *(part for part in cents if part not in topics)]
    return cents or [("trend", 0)]


def _wrapped(pieces: list[str]) -> str:
    """Broken before a sign, where a line would grow too long."""
    wrapped, column = "", len(TEXT_OPENING)
    for piece in pieces:
        column += len(piece)
        if column > TEXT_LINE and wrapped:
            wrapped += f"\n{' ' * (len(TEXT_OPENING) - 1)}"
            column = len(TEXT_OPENING) + len(piece)
        wrapped += piece
    return wrapped
