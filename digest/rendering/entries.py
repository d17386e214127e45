"""Compiled cards and choices in, entries out: papers encoded but for their position and the address of votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from digest.rendering import quoted
from digest.rendering.asides import own
from digest.rendering.cards import Card
from digest.rendering.facts import Chosen
from digest.rendering.layout import Part, Skeleton
from digest.rendering.reasons import Reason

MAX_PAPERS = 100
POSITIONS = [(quoted.encode(str(place)), quoted.encode(f"{place:>2}. ")) for place in range(1, MAX_PAPERS + 1)]
HTML_POSITIONS, TEXT_POSITIONS = ([pair[part] for pair in POSITIONS] for part in (0, 1))
POSITION_BYTES = 3


class Lines(dict[int, bytes]):
    """A paper's line of the contents by its place, made when first asked for; b"" where there are no contents."""

    def __init__(self, line: Skeleton | None, positions: Sequence[bytes]) -> None:
        self._ends = line.constants if line else (b"",)
        self._positions = positions

    def __missing__(self, place: int) -> bytes:
        made = self[place] = self._positions[place].join(self._ends)
        return made


class Face(NamedTuple):
    """A paper in one part of the mail. Its card is open for the position behind `start`; `rest` is to be joined by the
    address of the reader's votes."""

    start: bytes
    rest: tuple[bytes, ...]
    lines: Lines


class CompiledCard(NamedTuple):
    """One paper in one variant: for each part its card and its lines of the contents; `size` of the HTML, decoded."""

    card: Card
    html: tuple[Skeleton, Lines]
    text: tuple[Skeleton, Lines]
    size: int


class Entry(NamedTuple):
    """A chosen paper with what is told of this choice in place.

    `lead` is the paper's id and whether it is within the reader's topics; `size` is that of the HTML, decoded;
    `characters` is how much there is to read.
    """

    choice: Chosen
    lead: tuple[int, bool]
    size: int
    characters: int
    html: Face
    text: Face


class Item(NamedTuple):
    """A follow-up in both parts; `size` is that of the HTML, decoded."""

    html: bytes
    text: bytes
    size: int


def compiled_card(card: Card, html: Part, text: Part) -> CompiledCard:
    line = html.contents.get(card.key)
    size = html.cards[card.key].size + (line.size if line else 0) + 2 * POSITION_BYTES
    return CompiledCard(
        card,
        (html.cards[card.key], Lines(line, HTML_POSITIONS)),
        (text.cards[card.key], Lines(text.contents.get(card.key), TEXT_POSITIONS)),
        size,
    )


def entry_of(choice: Chosen, compiled: CompiledCard, reason: Reason, votes_size: int) -> Entry:
    """`votes_size` is what each address of the reader's votes takes, in bytes."""
    mine = own(choice, compiled.card)
    html = _face(*compiled.html, {"reason": reason.html, **mine.encoded_html()})
    text = _face(*compiled.text, {"reason": reason.text, **mine.encoded_text()})
    size = compiled.size + reason.size + mine.size + votes_size * (len(html.rest) - 1)
    return Entry(choice, (choice.paper_id, reason.is_on_topic), size, compiled.card.characters, html, text)


def _face(card: Skeleton, lines: Lines, own: Mapping[str, bytes]) -> Face:
    start, *rest = card.settled(own)
    return Face(start, tuple(rest), lines)
