"""A template's output with holes in it, cut into encoded constants and the names of the holes between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string

from digest.errors import DeliveryError
from digest.rendering import quoted
from digest.rendering.cards import Card, News
from digest.rendering.holes import CARD_HOLES, ENDS, LAYOUT_HOLES, Holes, Uncompilable
from subscriptions.inlining import inlined

HTML = "email/digest/body.html"
TEXT = "email/digest/body.txt"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

Context = Mapping[str, object]


class Lists(NamedTuple):
    """What a template goes through: the list at the top, the papers, news of earlier ones.

    Each is pairs of a mark to put before an item, and the item; after the last the template leaves the hole that is
    named as the list.
    """

    contents: Sequence[tuple[str, Card]]
    cards: Sequence[tuple[str, Card]]
    news: Sequence[tuple[str, News]] = ()


def render(template: str, context: Context, lists: Lists, holes: Mapping[str, object]) -> str:
    """A body part as it is mailed: HTML with its styles inlined, text without runs of blank lines.

    DeliveryError for a template that Django cannot read.
    """
    try:
        rendered = render_to_string(template, {**context, **lists._asdict(), "holes": holes})
    except (TemplateSyntaxError, TemplateDoesNotExist) as error:
        raise DeliveryError(f"{template} cannot be rendered: {type(error).__name__}: {error}") from error
    return inlined(rendered) if template == HTML else _BLANK_LINES.sub("\n\n", rendered)


class Skeleton:
    """Encoded constants and the names of the holes between them.

    `size` is the length of the constants in bytes, decoded.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        texts = pieces[::2]
        self.texts = tuple(pieces)
        self.names = tuple(pieces[1::2])
        self.size = sum(len(text.encode()) for text in texts)
        self.constants = tuple(quoted.encode(text) for text in texts)

    def settled(self, own: Mapping[str, bytes]) -> tuple[bytes, ...]:
        """The constants with what `own` has for the holes between them; those it has nothing for stay open."""
        pieces = [self.constants[0]]
        for name, constant in zip(self.names, self.constants[1:], strict=True):
            if name in own:
                pieces[-1] = b"".join((pieces[-1], own[name], constant))
            else:
                pieces.append(constant)
        return tuple(pieces)


NOTHING = Skeleton([""])


@dataclass(frozen=True, slots=True)
class Part:
    """One body part, compiled: its lists' items by key, and what stands before, between and behind the lists.

    A template may leave out the contents and the news; their list is then empty, as is what would follow it.
    """

    before: Skeleton
    contents: Mapping[str, Skeleton]
    between: Skeleton
    cards: Mapping[str, Skeleton]
    closing: Skeleton
    news: Mapping[str, Skeleton]
    after: Skeleton

    @property
    def around(self) -> tuple[Skeleton, ...]:
        return self.before, self.between, self.closing, self.after

    @property
    def names(self) -> tuple[str, ...]:
        """The holes outside of lists, as often as they occur."""
        return tuple(name for skeleton in self.around for name in skeleton.names)

    @property
    def size(self) -> int:
        """Of what stands around the lists, in bytes."""
        return sum(skeleton.size for skeleton in self.around)


class Layout(NamedTuple):
    """What surrounds the cards, cut; `room` is what the HTML part has left for cards, in bytes."""

    html: Part
    text: Part
    room: int


def compile_part(template: str, context: Context, cards: Sequence[Card], news: Sequence[News] = ()) -> Part:
    """Uncompilable where the template does more with a hole than print it; DeliveryError as `render`."""
    holes = Holes(is_html=template == HTML)
    lists = Lists(
        contents=[(holes.mark(f"contents-{card.key}"), card) for card in cards],
        cards=[(holes.mark(f"cards-{card.key}"), card) for card in cards],
        news=[(holes.mark(f"news-{each.key}"), each) for each in news],
    )
    rendered = render(template, context, lists, holes)
    if holes.misused:
        raise Uncompilable(f"{template} compares or takes apart holes.{', holes.'.join(sorted(holes.misused))}")
    pieces = holes.split(rendered)
    if bent := holes.remains("\n".join(pieces[::2])):
        raise Uncompilable(f"{template} changes holes.{bent} (by a filter, a tag, or where it stands)")
    keys = [card.key for card in cards]
    part = _part(template, _by_list(template, pieces), {"contents": keys, "cards": keys, "news": [n.key for n in news]})
    _check(template, part)
    return part


class _Section(NamedTuple):
    """A list of the template: its items, each with its name first, and the pieces that follow it."""

    items: list[list[str]]
    behind: list[str]


def _by_list(template: str, pieces: list[str]) -> dict[str, _Section]:
    """What is found of each list, and under "" what stands before all of them."""
    found, current, items = {"": _Section([], [pieces[0]])}, "", list[list[str]]()
    group = found[""].behind
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        of = name.partition("-")[0]
        if of not in ENDS:
            group += [name, text]
            continue
        if of in found or (items and of != current):
            raise Uncompilable(f"{template} does not print every mark, or holes.{current or of}, once and in order")
        current = of
        if name in ENDS:
            found[name] = _Section(items, [text])
            items, group = [], found[name].behind
        else:
            group = [name.partition("-")[2], text]
            items.append(group)
    if items:
        raise Uncompilable(f"{template} does not print every mark, or holes.{current}, once and in order")
    return found


def _part(template: str, found: dict[str, _Section], keys: Mapping[str, list[str]]) -> Part:
    nothing = _Section([], [""])
    for name in ENDS:
        is_wanted = name == "cards" or name in found
        if is_wanted and [item[0] for item in found.get(name, nothing).items] != keys[name]:
            raise Uncompilable(f"{template} does not print every mark, or holes.{name}, once and in order")
    if "cards" not in found or [name for name in found if name] != [name for name in ENDS if name in found]:
        raise Uncompilable(f"{template} has no holes.cards, or its lists are not in the order {', '.join(ENDS)}")
    contents, cards, news = (found.get(name, nothing) for name in ENDS)
    items = [{item[0]: Skeleton(item[1:]) for item in section.items} for section in (contents, cards, news)]
    return Part(
        before=Skeleton(found[""].behind),
        contents=items[0],
        between=Skeleton(contents.behind),
        cards=items[1],
        closing=Skeleton(cards.behind),
        news=items[2],
        after=Skeleton(news.behind),
    )


def _check(template: str, part: Part) -> None:
    """Uncompilable where holes are missing or open in the wrong place."""
    for wanted in ("unsubscribe", "preferences"):
        if wanted not in part.names:
            raise Uncompilable(f"{template} has no holes.{wanted}")
    for name in part.names:
        if name not in LAYOUT_HOLES:
            raise Uncompilable(f"{template} has holes.{name} outside of a card")
    for entry in part.contents.values():
        if entry.names != ("position",):
            raise Uncompilable(f"{template} must have holes.position, and no other, in the contents")
    for card in part.cards.values():
        # The position comes first, and votes may be offered anywhere behind it: so cards are joined.
        in_order = [name for name in card.names if name in ("position", "votes")]
        is_fit = set(card.names) <= set(CARD_HOLES) and card.names.count("reason") == 1
        if not is_fit or in_order[:1] != ["position"] or in_order.count("position") > 1:
            found = ", ".join(card.names) or "none"
            raise Uncompilable(f"{template} must have holes.position, then holes.reason, in a card, not {found}")
    for news in part.news.values():
        if news.names:
            raise Uncompilable(f"{template} has holes.{news.names[0]} in the news")
