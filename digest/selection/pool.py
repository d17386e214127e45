"""Takes an edition; gives its pool as columns that thousands of readers are matched against."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from digest.editions.ranked import numbers
from digest.models import Edition, Paper
from digest.ranking import WEIGHTS, Weights
from digest.ranking.pool import Pool


def load_pool(edition: Edition, weights: Weights = WEIGHTS) -> Pool:
    """The edition's pool; two queries, one more for every link in a chain of merged papers."""
    rows = numbers(edition, weights)
    order = np.argsort(rows.paper_ids)
    paper_ids, canonical_ids = rows.paper_ids[order], rows.canonical_ids[order]
    return Pool(
        edition_id=edition.pk,
        paper_ids=paper_ids,
        table=rows.table.take(order),
        offered=~rows.hidden[order],
        gone=frozenset(rows.paper_ids[rows.gone].tolist()),
        known_as=_known_as(paper_ids.tolist(), canonical_ids.tolist()),
    )


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
