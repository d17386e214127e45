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


class _Piece(NamedTuple):
    """One part behind its sign, encoded; `width` counts its characters in text."""

    html: bytes
    text: bytes
    width: int


class Reasons:
    """Reads "Robotics 0.61 + trend 0.22 + editor’s pick 0.10" off the parts: none is left out but what rounds to 0.00.

    Pieces and lines are remembered, as readers share them.
    """

    def __init__(self, topics: Mapping[str, str]) -> None:
        self._topics = topics
        self._pieces: dict[tuple[str, int, bool], _Piece] = {}
        self._lines: dict[tuple[tuple[str, float], ...], Reason] = {}

    def line(self, parts: tuple[tuple[str, float], ...]) -> Reason:
        known = self._lines.get(parts)
        if known is None:
            if len(self._lines) >= MAX_REMEMBERED:
                self._lines.clear()
            known = self._lines[parts] = self._compose(parts)
        return known

    def _compose(self, parts: tuple[tuple[str, float], ...]) -> Reason:
        html: list[bytes] = []
        text: list[bytes] = []
        column = len(TEXT_OPENING)
        for name, cents in _hundredths(parts):
            key = (name, cents, not html)
            piece = self._pieces.get(key) or self._piece(*key)
            column += piece.width
            if column > TEXT_LINE and html:
                text.append(_NEW_LINE)
                column = len(TEXT_OPENING) + piece.width
            html.append(piece.html)
            text.append(piece.text)
        return Reason(b"".join(html), b"".join(text))

    def _piece(self, name: str, cents: int, is_first: bool) -> _Piece:
        sign = ("− " if cents < 0 else "") if is_first else (" − " if cents < 0 else " + ")
        words_shown = f"{sign}{self._name(name, is_loss=cents < 0)} {abs(cents) / 100:.2f}"
        piece = _Piece(quoted.encode(escape(words_shown)), quoted.encode(words_shown), len(words_shown))
        self._pieces[name, cents, is_first] = piece
        return piece

    def _name(self, name: str, *, is_loss: bool) -> str:
        if is_loss and name in NAMES_OF_LOSSES:
            return NAMES_OF_LOSSES[name]
        kind, _, slug = name.partition(":")
        return words.one_line(NAMES.get(name) or self._topics.get(slug) or slug or kind)


def _hundredths(parts: tuple[tuple[str, float], ...]) -> list[tuple[str, int]]:
    return [(name, cents) for name, value in parts if (cents := round(value * 100))] or [("trend", 0)]


_NEW_LINE = quoted.encode(f"\n{' ' * (len(TEXT_OPENING) - 1)}")
