"""An edition's papers as columns that thousands of readers are matched against, and what is chosen from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.score import Parts
from digest.ranking.table import Table


@dataclass(slots=True)
class Choice:
    """A paper in a digest; `score` is the sum of the `parts`: (name, value), largest first. Not to be changed; a
    frozen one would take three times as long to make, and digests are made of them.

    `similar` are its near-duplicates that are folded under it: the digest names them, and they count as sent.
    `text` is its JSON, made once where a pool's readers share the choice.
    """

    paper_id: int
    score: float
    parts: Parts
    similar: tuple[int, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """An item of `Digest.selection`."""
        stored = {"paper": self.paper_id, "score": self.score, "parts": [list(part) for part in self.parts]}
        return {**stored, "similar": list(self.similar)} if self.similar else stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Choice:
        parts = tuple((name, value) for name, value in stored["parts"])
        return cls(stored["paper"], stored["score"], parts, tuple(stored.get("similar", ())))


@dataclass(frozen=True, slots=True)
class Pool:
    """An edition's papers as columns, in the order of their ids.

    `groups` are the places of near-duplicates, two or more in each; a paper is in one at most. `offered` leaves out
    what editors hid. Of a pool that `is_past` only what fits is offered. `known_as` gives, for any id they have or had,
    the ids of the pool's papers; `gone` are those that were withdrawn, hidden or merged since. Load a pool anew for
    every chunk of readers: what became of its papers is as of the loading.
    """

    edition_id: int
    paper_ids: NDArray[np.int64]
    table: Table
    offered: NDArray[np.bool_]
    gone: frozenset[int]
    known_as: Mapping[int, Collection[int]]
    groups: Sequence[NDArray[np.intp]] = ()
    is_past: bool = False
    shared: dict[object, Choice] = field(default_factory=dict, compare=False, repr=False)

    def shared_choice(self, key: int, place: int, reader: Interests) -> Choice:
        """The paper with the reasons of all readers for whom it has this key, made once and kept in `shared`."""
        found = self.shared.get(key)
        if found is None:
            found = Choice(int(self.paper_ids[place]), *self.table.shared(place, reader))
            found.text = json.dumps(found.as_json())
            self.shared[key] = found
        return found

    def folding(self, choice: Choice, folded: tuple[int, ...]) -> Choice:
        """A shared choice with the papers at these places under it, made once and shared, too."""
        key = choice.paper_id, choice.parts, folded
        found = self.shared.get(key)
        if found is None:
            found = Choice(choice.paper_id, choice.score, choice.parts, tuple(self.paper_ids[list(folded)].tolist()))
            found.text = json.dumps(found.as_json())
            self.shared[key] = found
        return found


def selection_as_text(choices: Sequence[Choice]) -> str:
    """The JSON of `Digest.selection`, joined from what the choices bring."""
    return f"[{', '.join([choice.text or _as_text(choice) for choice in choices])}]"


def _as_text(choice: Choice) -> str:
    """Its JSON, joined from parts that are met again and again."""
    parts = ", ".join([_part_as_text(*part) for part in choice.parts])
    similar = f', "similar": {list(choice.similar)}' if choice.similar else ""
    return f'{{"paper": {choice.paper_id}, "score": {choice.score}, "parts": [{parts}]{similar}}}'


@lru_cache(maxsize=65536)
def _part_as_text(name: str, value: float) -> str:
    return json.dumps([name, value])


def papers_as_text(choices: Sequence[Choice]) -> str:
    """The JSON of `Digest.papers`: those that are named under others, too."""
    ids = [str(choice.paper_id) for choice in choices]
    ids += [str(paper_id) for choice in choices if choice.similar for paper_id in choice.similar]
    return f"[{', '.join(ids)}]"
