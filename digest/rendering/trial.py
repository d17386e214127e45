"""A template in, its compiled part out, if joining gives what Django gives: tried on made-up readers and papers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from digest.errors import DeliveryError
from digest.rendering import quoted
from digest.rendering.cards import FULL, Card, card, news
from digest.rendering.facts import FollowUp, PaperFacts
from digest.rendering.holes import ENDS, LAYOUT_HOLES, CardByCard, Uncompilable
from digest.rendering.layout import HTML, Context, Lists, Part, Skeleton, compile_part, render
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
_NEWS = (
    news(FollowUp(3, "A third", "https://example.org/4", "Its code is out."), "first", is_first=True),
    news(FollowUp(4, "", "", _AWKWARD), "next", is_first=False),
)


class _Reader(NamedTuple):
    """What stands in the holes: the layout's, and what is each card's own."""

    values: dict[str, str]
    own: tuple[dict[str, str], dict[str, str]]


def tried(template: str, context: Context) -> Part:
    """Uncompilable where joining would change the mail; DeliveryError where it would have no unsubscribe link."""
    rich, bare = card(_RICH, FULL), card(_BARE, FULL)
    expected = [_rendered(template, context, reader, [rich, bare]) for reader in _readers()]
    part = compile_part(template, context, [bare, rich], _NEWS)
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
    ways = {
        "preferences": links.preferences_url(NOBODY),
        "unsubscribe": links.unsubscribe_url(NOBODY),
        "votes": links.votes_url(NOBODY),
    }
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
        _Reader(ordinary, (_own("1", "Robotics 0.61", "Ada, Ben", ""), _own("2", "trend 0.22", "", " · new"))),
        _Reader(awkward, (_own(" 1. ", _AWKWARD, _AWKWARD, ""), _own(" 2. ", "− trend 0.01", "", _AWKWARD))),
        _Reader(long, (_own("29", _LONG, _LONG, _LONG), _own("30", _LONG, _LONG, _LONG))),
    ]


def _own(position: str, reason: str, byline: str, aside: str) -> dict[str, str]:
    return {"position": position, "reason": reason, "byline": byline, "aside": aside}


def _rendered(template: str, context: Context, reader: _Reader, cards: list[Card]) -> str:
    values = {**reader.values, **dict.fromkeys(ENDS, "")}
    by_card = CardByCard(cards, reader.own, values)
    rendered = render(template, context, Lists(by_card, by_card, [("", each) for each in _NEWS]), values)
    must_let_go(template, rendered, reader.values["unsubscribe"])
    return rendered


def _joined(template: str, part: Part, reader: _Reader, cards: list[Card]) -> list[tuple[str, str]]:
    """What joining would give: pairs of a hole's name, or "", and text."""
    found: list[tuple[str, str]] = []

    def fill(skeleton: Skeleton | None, values: Mapping[str, str]) -> None:
        for place, name in enumerate(skeleton.texts if skeleton else ()):
            found.append((name, _escaped(template, values[name])) if place % 2 else ("", name))

    fill(part.before, reader.values)
    for each, own in zip(cards, reader.own, strict=True):
        fill(part.contents.get(each.key), own)
    fill(part.between, reader.values)
    for each, own in zip(cards, reader.own, strict=True):
        fill(part.cards[each.key], {**reader.values, **own})
    fill(part.closing, reader.values)
    for item in _NEWS:
        fill(part.news.get(item.key), {})
    fill(part.after, reader.values)
    return found


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
