"""A choice's score parts in, the line that tells the reader why out: encoded for HTML and for text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.html import escape

from digest.rendering import quoted, words
from digest.rendering.cards import TEXT_INDENT

MAX_REMEMBERED = 20_000
TEXT_LINE = 78
TEXT_OPENING = f"{TEXT_INDENT}Why: "
NAMES = {"trend": "trend", "editor": "editor’s pick"}
NAMES_OF_LOSSES = {"editor": "editor’s order"}


class Reason(NamedTuple):
    html: bytes
    text: bytes


class _Label(NamedTuple):
    """A part's name behind its sign, encoded; `width` counts the characters of " + name 0.00" in text."""

    html: bytes
    text: bytes
    width: int


class Reasons:
    """Reads "Robotics 0.61 + trend 0.22 + editor’s pick 0.10" off the parts, exactly: no part is left out but those
    that round to 0.00. Lines are remembered, as readers with the same topics share them."""

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = topics
        self._labels: dict[tuple[str, bool, bool], _Label] = {}
        self._lines: dict[tuple[tuple[str, float], ...], Reason] = {}

    def line(self, parts: tuple[tuple[str, float], ...]) -> Reason:
        known = self._lines.get(parts)
        if known is None:
            if len(self._lines) >= MAX_REMEMBERED:
                self._lines.clear()
            known = self._lines[parts] = self._compose(parts)
        return known

    def _compose(self, parts: tuple[tuple[str, float], ...]) -> Reason:
        html, text, column = [], [], len(TEXT_OPENING)
        shown = [(name, cents) for name, value in parts if (cents := round(value * 100))] or [("trend", 0)]
        for place, (name, cents) in enumerate(shown):
            label = self._label(name, cents < 0, place == 0)
            number = b"%d.%02d=\r\n" % divmod(abs(cents), 100)
            if column + label.width > TEXT_LINE and place:
                text.append(_NEW_LINE)
                column = len(TEXT_OPENING)
            column += label.width
            html += (label.html, number)
            text += (label.text, number)
        return Reason(b"".join(html), b"".join(text))

    def _label(self, name: str, is_loss: bool, is_first: bool) -> _Label:
        key = (name, is_loss, is_first)
        if key not in self._labels:
            sign = ("− " if is_loss else "") if is_first else (" − " if is_loss else " + ")
            label = f"{sign}{self._name(name, is_loss)} "
            self._labels[key] = _Label(quoted.encode(escape(label)), quoted.encode(label), len(label) + 4)
        return self._labels[key]

    def _name(self, name: str, is_loss: bool) -> str:
        if is_loss and name in NAMES_OF_LOSSES:
            return NAMES_OF_LOSSES[name]
        kind, _, slug = name.partition(":")
        return words.one_line(NAMES.get(name) or self._topics.get(slug) or slug or kind)


_NEW_LINE = quoted.encode(f"\n{' ' * (len(TEXT_OPENING) - 1)}")
