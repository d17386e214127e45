"""What a reader's digest is chosen by, as plain values that are stored with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

# Grows whenever the same rows would give another digest than before: a replay by other rules proves nothing.
RULES = 5


class Profile(NamedTuple):
    """One interest: its name, and what papers about it look like as `ranking.vectors` makes it, a byte a dimension."""

    name: str
    vector: bytes


class Interests(NamedTuple):
    """A reader's side of a score.

    Topic slugs, digest length, the pool's papers they do not get, interests of their own, authors with what a paper
    by them is worth, in points, and what they voted down. Who has neither topics nor interests nor authors is shown
    what is general; so is, with `is_open`, who has these from votes alone: votes move papers, and do not narrow. Who
    asked, but for nothing that this pool could have (authors who wrote none of it), is not: they are `is_unmet`.
    `lowered` are the common parts they wanted less of, `surprises` is how many papers they want that are near all that
    and not of it. `week` is what a thin digest was filled by: earlier editions' ids, and the interests as they met each
    of them.
    """

    topics: tuple[str, ...] = ()
    length: int = 0
    withheld: frozenset[int] = frozenset()
    profiles: tuple[Profile, ...] = ()
    authors: tuple[tuple[str, int], ...] = ()
    away: bytes = b""
    is_open: bool = False
    is_unmet: bool = False
    lowered: tuple[str, ...] = ()
    surprises: int = 0
    week: tuple[tuple[int, Interests], ...] = ()

    @property
    def is_general(self) -> bool:
        return not self.topics and (self.is_open or not (self.profiles or self.authors or self.is_unmet))

    @property
    def has_own(self) -> bool:
        """Whether they asked for more than topics; votes alone do not."""
        return not self.is_open and bool(self.profiles or self.authors or self.is_unmet)

    @property
    def is_shared(self) -> bool:
        """Whether the reasons given are those of everybody with these topics."""
        return not (self.profiles or self.authors or self.away or self.is_unmet or self.lowered)

    def as_json(self) -> dict[str, Any]:
        """The value of `Digest.preferences`: with the frozen edition all it takes to choose the digest again."""
        stored: dict[str, Any] = {
            "rules": RULES,
            "topics": list(self.topics),
            "length": self.length,
            "withheld": sorted(self.withheld),
        }
        if self.profiles:
            stored["profiles"] = [[profile.name, profile.vector.hex()] for profile in self.profiles]
        if self.authors:
            stored["authors"] = [list(author) for author in self.authors]
        if self.away:
            stored["away"] = self.away.hex()
        if self.is_open:
            stored["open"] = True
        if self.is_unmet:
            stored["unmet"] = True
        if self.lowered:
            stored["lowered"] = list(self.lowered)
        if self.surprises:
            stored["surprises"] = self.surprises
        if self.week:
            stored["week"] = [[edition, wish.as_json()] for edition, wish in self.week]
        return stored

    def as_text(self) -> str:
        """The same as JSON."""
        if self.week or self.surprises or not self.is_shared:
            return json.dumps(self.as_json())
        withheld = sorted(self.withheld) if self.withheld else []
        return f'{_topics_as_text(self.topics)}"length": {self.length}, "withheld": {withheld}}}'

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Interests:
        return cls(
            tuple(stored["topics"]),
            stored["length"],
            frozenset(stored["withheld"]),
            tuple(Profile(name, bytes.fromhex(vector)) for name, vector in stored.get("profiles", ())),
            tuple((name, points) for name, points in stored.get("authors", ())),
            bytes.fromhex(stored.get("away", "")),
            stored.get("open", False),
            stored.get("unmet", False),
            tuple(stored.get("lowered", ())),
            stored.get("surprises", 0),
            week=tuple((edition, cls.from_json(wish)) for edition, wish in stored.get("week", ())),
        )


EVERYBODY = Interests()


@lru_cache(maxsize=4096)
def _topics_as_text(topics: tuple[str, ...]) -> str:
    return f'{{"rules": {RULES}, "topics": {json.dumps(topics)}, '
