"""A template in, its compiled part out, if joining gives what Django gives: tried on made-up readers and papers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import quoted
from digest.rendering.cards import FULL, Card, card
from digest.rendering.facts import PaperFacts
from digest.rendering.holes import LAYOUT_HOLES, CardByCard, Uncompilable
from digest.rendering.layout import HTML, Context, Part, compile_part, render
from subscriptions import links
from subscriptions.inlining import serialised

NOBODY = 0  # no subscriber has this id
_AWKWARD = 'Q&A: <b>"it\'s"</b> &amp; É 漢字. x'
_LONG = f"{_AWKWARD} and {'Words of all kinds, ' * 20}more"
# The one has whatever a paper can have, the other nothing: a template may ask for each.
_RICH = PaperFacts(
    id=1,
    title="A title",
    abstract="What it says. " * 100,
    authors=("Ada", "Ben"),
    url="https://example.org/1",
    code_url="https://example.org/2",
    project_url="https://example.org/3",
    label="cs.LG",
    published_on=date(2026, 1, 2),
    upvotes=3,
    stars=4,
    blurb="Read it.",
    is_sample=True,
)
_BARE = PaperFacts(id=2, title="Another")


class _Reader(NamedTuple):
    """What stands in the holes: the layout's, and each card's position and reason."""

    values: dict[str, str]
    own: tuple[tuple[str, str], tuple[str, str]]


def tried(template: str, context: Context) -> Part:
    """Uncompilable where joining would change the mail; DeliveryError where it would have no unsubscribe link."""
    rich, bare = card(_RICH, FULL), card(_BARE, FULL)
    expected = [_rendered(template, context, reader, [rich, bare]) for reader in _readers()]
    part = compile_part(template, context, [bare, rich])
    for reader, whole in zip(_readers(), expected, strict=True):
        _compare(template, _joined(template, part, reader, [rich, bare]), whole)
    return part


def must_let_go(template: str, rendered: str, url: str) -> None:
    """DeliveryError for a mail that its reader could not unsubscribe by."""
    if (f'href="{url}"' if template == HTML else url) not in rendered:
        raise DeliveryError(f"{template} has no unsubscribe link ({{{{ holes.unsubscribe }}}}): such mail is not sent")


def plain_values() -> dict[str, str]:
    return _readers()[0].values


def _readers() -> list[_Reader]:
    ways = {"preferences": links.preferences_url(NOBODY), "unsubscribe": links.unsubscribe_url(NOBODY)}
    ordinary, awkward, long = (
        dict.fromkeys(LAYOUT_HOLES, text) | {"email": "ada@example.org", "rhythm": rhythm} | ways
        for text, rhythm in (
            ("1 paper from all topics", "every day"),
            (_AWKWARD, "from Monday to Friday"),
            (_LONG, "once a week"),
        )
    )
    awkward["email"] = '"&<a>"@example.org'
    return [
        _Reader(ordinary, (("1", "Robotics 0.61"), ("2", "trend 0.22"))),
        _Reader(awkward, ((" 1. ", _AWKWARD), (" 2. ", "− trend 0.01"))),
        _Reader(long, (("29", _LONG), ("30", _LONG))),
    ]


def _rendered(template: str, context: Context, reader: _Reader, cards: list[Card]) -> str:
    values = {**reader.values, "cards": ""}
    rendered = render(template, context, CardByCard(cards, reader.own, values), values)
    must_let_go(template, rendered, reader.values["unsubscribe"])
    return rendered


def _joined(template: str, part: Part, reader: _Reader, cards: list[Card]) -> list[tuple[str, str]]:
    """What joining would give: pairs of a hole's name, or "", and text."""

    def filled(pieces: tuple[str, ...], values: Mapping[str, str]) -> list[tuple[str, str]]:
        return [
            (name, _escaped(template, values[name])) if is_hole else ("", name)
            for place, name in enumerate(pieces)
            for is_hole in [place % 2 == 1]
        ]

    joined = filled(part.before.texts, reader.values)
    for each, (position, reason) in zip(cards, reader.own, strict=True):
        joined += filled(part.cards[each.key].texts, {"position": position, "reason": reason})
    return joined + filled(part.after.texts, reader.values)


def _escaped(template: str, value: str) -> str:
    return serialised(value) if template == HTML else value


def _compare(template: str, joined: list[tuple[str, str]], expected: str) -> None:
    """Names the hole at which the two part."""
    at, last = 0, ""
    for name, text in joined:
        last = name or last
        if not expected.startswith(text, at):
            raise Uncompilable(f"{template} comes out different when joined, at or after holes.{last or 'none'}")
        at += len(text)
    decoded = quoted.decode(b"".join(quoted.encode(text) for _, text in joined))
    if decoded != expected:
        raise Uncompilable(f"{template} comes out different when joined, at its end")
