"""A choice's score parts in, the line that tells the reader why out: as words, and encoded for HTML and for text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple

from digest.ranking.telling import AUTHOR, INTEREST, ON_TOPIC, TOPIC, after_why, sentence
from digest.rendering import quoted, words
from digest.rendering.cards import TEXT_INDENT
from digest.rendering.memory import Memory
from subscriptions.inlining import serialised

TEXT_LINE = 78
TEXT_OPENING = f"{TEXT_INDENT}Why: "
# A name, a few topics and what is said of everybody; beyond that it is no reason any more.
LINE_BYTES = 400

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
    """Reads "you follow Robotics; much discussed today" off the parts. Lines are remembered, as readers share them.

    What each part is worth is told where readers can do something about it, behind "more like this".
    """

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = topics
        self.known: Memory[Parts, Reason] = Memory()

    def line(self, parts: Parts) -> Reason:
        return self.known.get(parts) or self.known.keep(parts, self._compose(parts))

    def _compose(self, parts: Parts) -> Reason:
        line = words.shorten(words.one_line(after_why(sentence(parts, self._topics))), LINE_BYTES)
        wrapped, html = _wrapped(line), serialised(line)
        return Reason(
            quoted.encode(html), quoted.encode(wrapped), len(html.encode()), _is_on_topic(parts), line, wrapped
        )


def _is_on_topic(parts: Parts) -> bool:
    """Clearly about something the reader asked for."""
    if any(value > 0 and name.startswith((AUTHOR, INTEREST)) for name, value in parts):
        return True
    return sum(value for name, value in parts if name.startswith(TOPIC)) >= ON_TOPIC


def _wrapped(line: str) -> str:
    """Behind "Why:", which stands in the template."""
    filled = textwrap.fill(
        line,
        TEXT_LINE,
        initial_indent=TEXT_OPENING,
        subsequent_indent=" " * len(TEXT_OPENING),
        break_long_words=True,
        break_on_hyphens=False,
    )
    return filled.removeprefix(TEXT_OPENING)
