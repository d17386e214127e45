"""A choice in, what its card says for this choice alone out: labels beside the facts, and its authors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from digest.rendering import cards, quoted
from digest.rendering.cards import Card
from digest.rendering.facts import Chosen
from subscriptions.inlining import serialised

AUTHOR_PART = "author:"


class Own(NamedTuple):
    """What stands in one card's holes beside its reason, as words, for each part."""

    html: dict[str, str]
    text: dict[str, str]

    def encoded_html(self) -> dict[str, bytes]:
        return {name: quoted.encode(serialised(words)) for name, words in self.html.items()}

    def encoded_text(self) -> dict[str, bytes]:
        return {name: quoted.encode(words) for name, words in self.text.items()}

    @property
    def size(self) -> int:
        """Of the HTML, decoded, in bytes."""
        return sum(len(serialised(words).encode()) for words in self.html.values())


def own(choice: Chosen, card: Card) -> Own:
    """A line in the text ends itself, so that an aside that is empty leaves no line."""
    labels = list(_labels(choice))
    followed = [name.removeprefix(AUTHOR_PART) for name, _ in choice.parts if name.startswith(AUTHOR_PART)]
    byline = cards.byline(card.paper, card.variant, followed)
    return Own(
        {"byline": byline, "aside": "".join(f"\xa0· {label}" for label in labels)},
        {"byline": cards.wrapped(byline), "aside": f"{cards.wrapped(' · '.join(labels))}\n" if labels else ""},
    )


def _labels(choice: Chosen) -> Iterator[str]:
    similar: tuple[int, ...] = getattr(choice, "similar", ())
    if similar:
        yield f"and {len(similar):,} similar"
