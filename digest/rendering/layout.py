"""A template's output with holes in it, cut into encoded constants and the names of the holes between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string

from digest.errors import DeliveryError
from digest.rendering import quoted
from digest.rendering.cards import Card
from digest.rendering.holes import CARD_HOLES, LAYOUT_HOLES, Holes, Uncompilable
from subscriptions.inlining import inlined

HTML = "email/digest/body.html"
TEXT = "email/digest/body.txt"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

Context = Mapping[str, object]


def render(template: str, context: Context, cards: Sequence[tuple[str, Card]], holes: Mapping[str, object]) -> str:
    """A body part as it is mailed: HTML with its styles inlined, text without runs of blank lines.

    The template gets `cards` as pairs of a mark to put before the card, and the card; after the last it leaves the
    hole "cards". DeliveryError for a template that Django cannot read.
    """
    try:
        rendered = render_to_string(template, {**context, "cards": cards, "holes": holes})
    except (TemplateSyntaxError, TemplateDoesNotExist) as error:
        raise DeliveryError(f"{template} cannot be rendered: {type(error).__name__}: {error}") from error
    return inlined(rendered) if template == HTML else _BLANK_LINES.sub("\n\n", rendered)


class Skeleton:
    """Encoded constants and the names of the holes between them, to be filled in one call.

    `size` is the length of the constants in bytes, decoded.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        texts = pieces[::2]
        self.texts = tuple(pieces)
        self.names = tuple(pieces[1::2])
        self.size = sum(len(text.encode()) for text in texts)
        self.constants = tuple(quoted.encode(text) for text in texts)
        first = len(LAYOUT_HOLES)
        order = [first]
        for place, name in enumerate(self.names, start=1):
            order += (LAYOUT_HOLES.index(name) if name in LAYOUT_HOLES else first, first + place)
        # A getter of a single item would not give a tuple.
        self._table = (*self.constants, b"")
        self._pick = itemgetter(*order, first + len(texts))

    def fill(self, values: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """One reader's copy, in pieces; `values` in the order of LAYOUT_HOLES."""
        picked: tuple[bytes, ...] = self._pick(values + self._table)
        return picked


@dataclass(frozen=True, slots=True)
class Part:
    """One body part, compiled: what comes before the cards, each card by its key, what comes after."""

    before: Skeleton
    cards: Mapping[str, Skeleton]
    after: Skeleton

    @property
    def names(self) -> tuple[str, ...]:
        """The holes outside of cards, as often as they occur."""
        return self.before.names + self.after.names


def compile_part(template: str, context: Context, cards: Sequence[Card]) -> Part:
    """Uncompilable where the template does more with a hole than print it; DeliveryError as `render`."""
    holes = Holes(is_html=template == HTML)
    marked = [(holes.mark(f"card-{card.key}"), card) for card in cards]
    rendered = render(template, context, marked, holes)
    if holes.misused:
        raise Uncompilable(f"{template} compares or takes apart holes.{', holes.'.join(sorted(holes.misused))}")
    pieces = holes.split(rendered)
    if bent := holes.remains("\n".join(pieces[::2])):
        raise Uncompilable(f"{template} changes holes.{bent} (by a filter, a tag, or where it stands)")
    return _part(template, pieces, [card.key for card in cards])


def _part(template: str, pieces: list[str], keys: Sequence[str]) -> Part:
    before, *cards, after = _by_card(pieces)
    if [group[0] for group in cards] != [f"card-{key}" for key in keys] or after[:1] != ["cards"]:
        raise Uncompilable(f"{template} does not print every mark, or holes.cards, once and in order")
    part = Part(
        before=Skeleton(before),
        cards={key: Skeleton(group[1:]) for key, group in zip(keys, cards, strict=True)},
        after=Skeleton(after[1:]),
    )
    for wanted in ("unsubscribe", "preferences"):
        if wanted not in part.names:
            raise Uncompilable(f"{template} has no holes.{wanted}")
    for name in part.names:
        if name not in LAYOUT_HOLES:
            raise Uncompilable(f"{template} has holes.{name} outside of a card")
    for card in part.cards.values():
        if card.names != CARD_HOLES:
            found = ", ".join(card.names) or "none"
            raise Uncompilable(f"{template} must have holes.position and holes.reason in a card, not {found}")
    return part


def _by_card(pieces: list[str]) -> list[list[str]]:
    """The pieces before the first card, then each card's with its name first, then those after the last."""
    groups = [[pieces[0]]]
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if name == "cards" or name.startswith("card-"):
            groups.append([name, text])
        else:
            groups[-1] += [name, text]
    return groups if len(groups) > 1 else [*groups, [""]]
