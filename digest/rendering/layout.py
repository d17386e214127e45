"""A template's output with holes in it, cut into encoded constants and the names of the holes between them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.template.loader import render_to_string

from digest.rendering import quoted
from digest.rendering.cards import Card
from subscriptions.mail import inlined

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, slots=True)
class Holes:
    """Sentinels that no paper can forge: each compilation draws its own nonce.

    In templates `{{ holes.date }}` leaves a hole named "date".
    """

    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    def __getitem__(self, name: str) -> str:
        return f"[[{self.nonce}:{name}]]"

    def split(self, text: str) -> list[str]:
        """Text, name, text, name, ..., text."""
        return re.split(rf"\[\[{self.nonce}:([a-z0-9-]+)\]\]", text)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Encoded constants and the names of the holes between them: constants[0] names[0] constants[1] ...

    `size` is the length of the constants in bytes, decoded.
    """

    constants: tuple[bytes, ...]
    names: tuple[str, ...]
    size: int

    @classmethod
    def of(cls, pieces: list[str]) -> Skeleton:
        texts = pieces[::2]
        size = sum(len(text.encode()) for text in texts)
        return cls(tuple(quoted.encode(text) for text in texts), tuple(pieces[1::2]), size)

    def fill(self, values: Mapping[str, bytes]) -> list[bytes]:
        """One reader's copy, in pieces. KeyError where a hole has no value."""
        pieces = [self.constants[0]]
        for place, name in enumerate(self.names, start=1):
            pieces += (values[name], self.constants[place])
        return pieces


@dataclass(frozen=True, slots=True)
class Part:
    """One body part, compiled: what comes before the cards, each card by its key, what comes after."""

    before: Skeleton
    cards: Mapping[str, Skeleton]
    after: Skeleton

    @property
    def size(self) -> int:
        """Without the cards, in bytes, decoded."""
        return self.before.size + self.after.size


def compile_part(template: str, context: Mapping[str, object], cards: Sequence[Card]) -> Part:
    """Render `email/digest/<template>` once; HTML gets its styles inlined.

    The template gets `cards` as pairs of a mark to put before the card, and the card; after the last it leaves the
    hole "cards".
    """
    holes = Holes()
    marked = [(holes[f"card-{card.key}"], card) for card in cards]
    rendered = render_to_string(f"email/digest/{template}", {**context, "cards": marked, "holes": holes})
    tidied = inlined(rendered) if template.endswith(".html") else _BLANK_LINES.sub("\n\n", rendered)
    before, *compiled, after = _by_card(holes.split(tidied))
    return Part(
        before=Skeleton.of(before),
        cards={pieces[0].removeprefix("card-"): Skeleton.of(pieces[1:]) for pieces in compiled},
        after=Skeleton.of(after[1:]),
    )


def _by_card(pieces: list[str]) -> list[list[str]]:
    """The pieces before the first card, then each card's with its name first, then those after the last."""
    groups = [[pieces[0]]]
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if name == "cards" or name.startswith("card-"):
            groups.append([name, text])
        else:
            groups[-1] += [name, text]
    return groups
