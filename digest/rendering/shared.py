"""Entries in, a message out that all readers of the same papers share, open for what is each one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from digest.rendering.entries import POSITIONS, Entry, Face, Item
from digest.rendering.layout import Layout, Part, Skeleton
from digest.rendering.letterhead import Letterhead


class Opening(NamedTuple):
    """What the list of an inbox shows, encoded; `line` is the header of the subject, the others are its preheader."""

    subject: str
    line: bytes
    html: bytes
    text: bytes


class Own(NamedTuple):
    """What of a message is its reader's own, encoded: header lines, then what stands in holes of both parts or of one.

    `headers` are Message-ID and List-Unsubscribe.
    """

    to: bytes
    date_line: bytes
    headers: bytes
    date: bytes
    rhythm: bytes
    preferences: bytes
    unsubscribe: bytes
    votes: bytes
    text_chosen: bytes
    text_email: bytes
    html_chosen: bytes
    html_email: bytes


_PLACES = {name: place for place, name in enumerate(Own._fields)}
_VOTES = _PLACES["votes"]
_IN_BOTH = {name: _PLACES[name] for name in ("date", "rhythm", "preferences", "unsubscribe")}
_IN_TEXT = _IN_BOTH | {"chosen": _PLACES["text_chosen"], "email": _PLACES["text_email"]}
_IN_HTML = _IN_BOTH | {"chosen": _PLACES["html_chosen"], "email": _PLACES["html_email"]}
# A constant, or the place in `Own` of what stands there.
_Piece = bytes | int


class SharedMessage:
    """One message's pieces, those of its reader's own left out.

    `papers` is how many there was room for, `left_out` how many there was none for, `characters` how much there is to
    read.
    """

    __slots__ = ("_holes", "_pieces", "_values", "characters", "left_out", "papers", "subject")

    def __init__(
        self,
        letterhead: Letterhead,
        layout: Layout,
        opening: Opening,
        entries: Sequence[Entry],
        news: Sequence[Item] = (),
        left_out: int = 0,
    ) -> None:
        self.papers, self.left_out = len(entries), left_out
        self.characters = sum([entry.characters for entry in entries])
        self.subject = opening.subject
        pieces: list[_Piece] = [letterhead.lines, _PLACES["to"], opening.line, _PLACES["date_line"], _PLACES["headers"]]
        pieces.append(letterhead.frame.opening)
        text_places = [position for _, position in POSITIONS[: len(entries)]]
        pieces += _part(layout.text, _IN_TEXT, opening.text, [entry.text for entry in entries], text_places)
        pieces += [item.text for item in news]
        pieces += _skeleton(layout.text.after, _IN_TEXT, opening.text)
        pieces.append(letterhead.frame.between)
        html_places = [position for position, _ in POSITIONS[: len(entries)]]
        pieces += _part(layout.html, _IN_HTML, opening.html, [entry.html for entry in entries], html_places)
        pieces += [item.html for item in news]
        pieces += _skeleton(layout.html.after, _IN_HTML, opening.html)
        pieces.append(letterhead.frame.tail)
        self._pieces = [piece if isinstance(piece, bytes) else b"" for piece in pieces]
        self._holes = tuple([place for place, piece in enumerate(pieces) if isinstance(piece, int)])
        self._values = tuple([piece for piece in pieces if isinstance(piece, int)])

    def filled(self, own: Own) -> list[bytes]:
        """One reader's message, in pieces."""
        pieces = self._pieces.copy()
        for place, value in zip(self._holes, self._values, strict=True):
            pieces[place] = own[value]
        return pieces


def _part(
    part: Part, places: Mapping[str, int], preheader: bytes, faces: Sequence[Face], positions: Sequence[bytes]
) -> Iterator[_Piece]:
    """A part up to the news."""
    yield from _skeleton(part.before, places, preheader)
    if len(faces) > 1:  # a single paper needs no list
        for place, face in enumerate(faces):
            yield face.lines[place]
    yield from _skeleton(part.between, places, preheader)
    for face, position in zip(faces, positions, strict=True):
        yield face.start
        yield position
        yield face.rest[0]
        for behind in face.rest[1:]:
            yield _VOTES
            yield behind
    yield from _skeleton(part.closing, places, preheader)


def _skeleton(skeleton: Skeleton, places: Mapping[str, int], preheader: bytes) -> Iterator[_Piece]:
    yield skeleton.constants[0]
    for name, constant in zip(skeleton.names, skeleton.constants[1:], strict=True):
        yield preheader if name == "preheader" else places[name]
        yield constant
