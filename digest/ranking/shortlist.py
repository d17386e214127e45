"""Takes more papers than a pool may hold; gives those it holds, so that every topic keeps its best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from digest.ranking.score import Table, order

# A paper is about a topic from this share on; less is a word in passing.
ON_TOPIC_SHARE = 0.1


def shortlist(
    ids: Sequence[int], shares: NDArray[np.float64], table: Table, size: int, preference: NDArray[np.float64]
) -> list[int]:
    """Positions of at most `size` papers, in ascending order.

    The general order and every topic take turns, each with its best paper that is still free by the score its
    followers would see, so that a topic with ten papers a day keeps them beside one with a thousand. Equal scores are
    told apart by `preference` (more is better), then by the higher id.
    """
    if len(ids) <= size:
        return list(range(len(ids)))
    keys = np.asarray(ids), preference
    queues = [_queue(table.general_scores(), np.ones(len(ids), dtype=bool), *keys)]
    for topic in range(len(table.slugs)):
        queues.append(_queue(table.topics[:, topic] + table.base(), shares[:, topic] >= ON_TOPIC_SHARE, *keys))
    return sorted(_take_turns(queues, size))


def _queue(
    scores: NDArray[np.int64], belongs: NDArray[np.bool_], ids: NDArray[np.int64], preference: NDArray[np.float64]
) -> Iterator[int]:
    by_preference = np.lexsort((ids, preference))
    rank = np.empty_like(by_preference)
    rank[by_preference] = np.arange(len(ids))
    return (int(paper) for paper in order(scores, rank) if belongs[paper])


def _take_turns(queues: list[Iterator[int]], size: int) -> set[int]:
    taken: set[int] = set()
    while queues and len(taken) < size:
        for queue in list(queues):
            paper = next((paper for paper in queue if paper not in taken), None)
            if paper is None:
                queues.remove(queue)
            elif len(taken) < size:
                taken.add(paper)
    return taken
