"""What a template leaves open for each reader: sentinels while an edition is compiled, real values otherwise."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from django.utils.safestring import mark_safe

from digest.rendering.cards import Card

# In templates `{{ holes.date }}` leaves the hole "date"; the card's are open within a card only, of which an entry of
# the contents has the position.
LAYOUT_HOLES = ("preheader", "date", "chosen", "email", "rhythm", "preferences", "unsubscribe")
CARD_HOLES = ("position", "reason", "byline", "aside", "votes")
# The ends of the loops over `contents`, `cards` and `news`.
ENDS = ("contents", "cards", "news")


class Uncompilable(Exception):
    """A template that has to be rendered for each reader; says which, and why."""


class Hole:
    """Prints its sentinel, and tells on templates that do anything with it but print it."""

    def __init__(self, name: str, sentinel: str, misused: set[str]) -> None:
        self._name = name
        self._sentinel = sentinel
        self._misused = misused

    def __str__(self) -> str:
        return self._sentinel

    def __bool__(self) -> bool:
        self._misused.add(self._name)
        return True

    def __eq__(self, other: object) -> bool:
        self._misused.add(self._name)
        return self is other

    def __hash__(self) -> int:
        self._misused.add(self._name)
        return id(self)

    def __contains__(self, item: object) -> bool:
        self._misused.add(self._name)
        return False

    def __len__(self) -> int:
        self._misused.add(self._name)
        return 1

    def __getitem__(self, place: object) -> NoReturn:
        self._misused.add(self._name)
        raise IndexError(place)

    def __lt__(self, other: object) -> bool:
        self._misused.add(self._name)
        return False

    __gt__ = __le__ = __ge__ = __lt__


class Holes(Mapping[str, Hole]):
    """Sentinels that no paper can forge: each compilation draws its own nonce.

    In HTML what marks a card is a comment, as those may stand between the rows of a table.
    """

    def __init__(self, *, is_html: bool) -> None:
        self.misused: set[str] = set()
        self._is_html = is_html
        self._nonce = secrets.token_hex(8)
        sentinels = {name: self._sentinel(name) for name in (*LAYOUT_HOLES, *CARD_HOLES)}
        sentinels |= {name: self.mark(name) for name in ENDS}
        self._holes = {name: Hole(name, sentinel, self.misused) for name, sentinel in sentinels.items()}

    def __getitem__(self, name: str) -> Hole:
        return self._holes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._holes)

    def __len__(self) -> int:
        return len(self._holes)

    def mark(self, name: str) -> str:
        """What says where a card begins, or that the cards are over."""
        sentinel = self._sentinel(name)
        return mark_safe(f"<!--{sentinel}-->") if self._is_html else sentinel  # noqa: S308  # our own hex digits

    def split(self, text: str) -> list[str]:
        """Text, name, text, name, ..., text."""
        bare = re.sub(rf"<!--(\[\[{self._nonce}:[a-z0-9-]+\]\])-->", r"\1", text)
        return re.split(rf"\[\[{self._nonce}:([a-z0-9-]+)\]\]", bare)

    def _sentinel(self, name: str) -> str:
        return f"[[{self._nonce}:{name}]]"

    def remains(self, text: str) -> str:
        """The name of a hole that was bent out of shape, or "": no trace of the nonce may be mailed."""
        found = re.search(rf"{self._nonce}\W*(\w*)", text, re.IGNORECASE)
        return found[1].lower() or "?" if found else ""


class CardByCard(Sequence[tuple[str, Card]]):
    """Cards for a template that is rendered for one reader: `values` holds what is the own of the one in turn.

    Django's `for` takes items one by one from whatever has a length.
    """

    def __init__(self, cards: Sequence[Card], own: Sequence[Mapping[str, str]], values: dict[str, str]) -> None:
        self._cards = cards
        self._own = own
        self._values = values

    def __len__(self) -> int:
        return len(self._cards)

    def __getitem__(self, place: Any) -> Any:
        """A single place: nobody slices."""
        self._values.update(self._own[place])
        return "", self._cards[place]
