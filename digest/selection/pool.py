"""Takes an edition; gives its pool as columns that thousands of readers are matched against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from digest.editions import weights as weighing
from digest.editions.ranked import numbers
from digest.interests import spaces
from digest.interests.spaces import Space
from digest.models import Edition, Paper
from digest.ranking.parts import LOWERABLE, AuthorPart, AwayPart, LoweredPart, OwnPart, ProfilePart
from digest.ranking.pool import Choice, Pool
from digest.ranking.score import POINTS, Weights
from digest.ranking.table import Table

# Of an interest: a paper that says the very same is no news, and less than what an editor pinned.
MOST = round(0.8 * POINTS)
# Of editions that are being sent, and of choices that readers of one of them share: some 10 MB at most.
EDITIONS_KEPT = 3
CHOICES_KEPT = 20_000


def load_pool(edition: Edition, weights: Weights | None = None) -> Pool:
    """The edition's pool, by other weights than its own where some are given; four queries, one more where it has
    weights of its own, and for every link in a chain of merged papers.
    """
    weights = weights or weighing.of(edition)
    rows = numbers(edition, weights)
    order = np.argsort(rows.paper_ids)
    paper_ids, canonical_ids = rows.paper_ids[order], rows.canonical_ids[order]
    table = rows.table.take(order)
    return Pool(
        edition_id=edition.pk,
        paper_ids=paper_ids,
        table=replace(table, own=(*_own_parts(edition, paper_ids.tolist(), weights), *_lowered(table))),
        offered=~rows.hidden[order],
        gone=frozenset(rows.paper_ids[rows.gone].tolist()),
        known_as=_known_as(paper_ids.tolist(), canonical_ids.tolist()),
        groups=_groups(rows.groups[order]),
        shared=_shared(paper_ids, table),
    )


def _shared(paper_ids: NDArray[np.int64], table: Table) -> dict[object, Choice]:
    """Choices that readers share, made once a process: they depend on these papers and their points alone."""
    columns = [column for part in table.common for column in (part.name.encode(), part.column.tobytes())]
    topics = table.topics
    numbers = [paper_ids.tobytes(), topics.points.tobytes(), topics.general.tobytes(), *columns]
    known = _known_choices(blake2b(b"|".join(numbers)).digest(), topics.slugs)
    if len(known) > CHOICES_KEPT:
        known.clear()
    return known


@lru_cache(maxsize=EDITIONS_KEPT)
def _known_choices(numbers: bytes, slugs: tuple[str, ...]) -> dict[object, Choice]:
    return {}


def _groups(numbers: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """The places of each group's papers."""
    members, counts = np.unique(numbers, return_counts=True)
    return [np.flatnonzero(numbers == group) for group in members[(counts > 1) & (members > 0)]]


def authors_of(pool: Pool) -> AuthorPart:
    return next(part for part in pool.table.own if isinstance(part, AuthorPart))


def space_of(pool: Pool) -> Space:
    """Where the pool's papers are compared with interests; one query."""
    return spaces.of(Edition.objects.select_related("meaning").get(pk=pool.edition_id))


def _own_parts(edition: Edition, paper_ids: list[int], weights: Weights) -> tuple[OwnPart, ...]:
    """What meets readers' own interests."""
    space = spaces.of(edition)
    known = space.stored(paper_ids)
    nothing = np.zeros(space.dimensions, dtype=np.int8)
    vectors = np.array([known.get(pk, nothing) for pk in paper_ids], dtype=np.int8).reshape(-1, space.dimensions)
    authors = dict(edition.entries.values_list("paper_id", "authors"))
    return (
        ProfilePart(vectors, weights.interest * space.stretch, space.floor, space.enough, MOST),
        AwayPart(vectors, weights.away * space.stretch, space.floor),
        AuthorPart.of([frozenset(authors[pk]) for pk in paper_ids]),
    )


def _lowered(table: Table) -> list[OwnPart]:
    return [LoweredPart(part) for part in table.common if part.name in LOWERABLE]


def _known_as(paper_ids: list[int], canonical_ids: list[int]) -> dict[int, set[int]]:
    """Every id that means a paper of the pool: its own, what it was merged into, what was merged into that."""
    known: dict[int, set[int]] = defaultdict(set)
    for paper_id, canonical_id in zip(paper_ids, canonical_ids, strict=True):
        known[canonical_id].add(paper_id)
    targets = set(canonical_ids)
    while targets:
        merged = Paper.objects.filter(merged_into__in=targets).values_list("id", "merged_into_id")
        aliases = {alias: target for alias, target in merged if target is not None}
        targets = aliases.keys() - known.keys()
        for alias, target in aliases.items():
            known[alias] |= known[target]
    return dict(known)
