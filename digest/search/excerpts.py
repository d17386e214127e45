"""Takes a text and the words that were looked for, gives the part where most of them stand, those words marked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from digest import tex
from digest.ranking.words import WORD, compared, composed

SHOWN = 45  # words
BEFORE = 3  # words before the first that is marked
SENTENCE = re.compile(r"(?<=[.!?])\s")


class Piece(NamedTuple):
    """Plain text, which a template escapes; `is_match` where it is to be marked."""

    text: str
    is_match: bool


def marked(text: str, words: Collection[str]) -> list[Piece]:
    """The whole text."""
    return list(_pieces(composed(tex.readable(text)), set(words)))


def excerpt(text: str, words: Collection[str]) -> list[Piece]:
    """About 45 words, as many different ones of those looked for among them as possible; it begins with a sentence
    where one begins near."""
    shown, wanted = composed(tex.readable(text)), set(words)
    places = [(found.start(), found.end(), compared(found[0])) for found in WORD.finditer(shown)]
    if len(places) <= SHOWN + SHOWN // 3:
        return list(_pieces(shown, wanted))
    first = _best([word if word in wanted else "" for _, _, word in places])
    start = places[first][0] if first else 0
    start = next((found.end() for found in SENTENCE.finditer(shown, max(0, start - 120), start)), start)
    end = places[min(first + SHOWN, len(places)) - 1][1]
    return [
        *([Piece("… ", False)] if start else []),
        *_pieces(shown[start:end], wanted),
        *([Piece(" …", False)] if end < places[-1][1] else [Piece(shown[end:], False)]),
    ]


def _best(found: list[str]) -> int:
    """Where the stretch begins that has most different words, then most words; the first of equals."""
    last = max(0, len(found) - SHOWN)
    starts = {0, *(min(max(0, place - BEFORE), last) for place, word in enumerate(found) if word)}

    def worth(start: int) -> tuple[int, int, int]:
        stretch = [word for word in found[start : start + SHOWN] if word]
        return len(set(stretch)), len(stretch), -start

    return max(starts, key=worth)


def _pieces(text: str, wanted: Collection[str]) -> Iterator[Piece]:
    place = 0
    for found in WORD.finditer(text):
        if compared(found[0]) in wanted:
            if found.start() > place:
                yield Piece(text[place : found.start()], False)
            yield Piece(found[0], True)
            place = found.end()
    if place < len(text):
        yield Piece(text[place:], False)
