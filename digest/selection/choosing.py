"""Takes a pool and interests; gives digests, by one matrix product for a whole chunk of readers.

What is chosen: the best by score, of papers that are about the reader's topics (a relevance of RELEVANT or
more to one of them), and of others only editors' picks and what trends, at most a quarter of the digest's length and at
least one. For a reader who follows no topic every topic is theirs, and that limit falls away. The rest is noise: a
digest may be shorter than its length, or empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from digest import ranking
from digest.errors import DeliveryError
from digest.models import Delivery
from digest.ranking.shortlist import RELEVANT
from digest.selection.interests import RULES, Interests, interests_of
from digest.selection.pool import EVERYTHING, Choice, Pool, load_pool
from subscriptions.models import Subscriber

ON_TOPIC = round(ranking.WEIGHTS.topic * RELEVANT * ranking.POINTS)
# A new paper's worth with twice the votes that are typical.
TRENDING_SHARE = 0.3
TRENDING = round(ranking.WEIGHTS.trend * TRENDING_SHARE * ranking.POINTS)
OFF_TOPIC_PART = 4
Keys = NDArray[np.int64] | NDArray[np.int32]


def choose(
    pool: Pool, subscribers: Sequence[Subscriber], now: datetime, interests: Mapping[int, Interests] | None = None
) -> dict[int, list[Choice]]:
    """Each reader's digest by subscriber id, best first, possibly empty; four queries, however many readers.

    Give `interests`, as `interests_of` read them, to store with the delivery exactly what was chosen by; no query then.
    """
    lengths = {subscriber.pk: subscriber.digest_length for subscriber in subscribers}
    wanted = interests_of(pool, lengths, now) if interests is None else interests
    ids = [subscriber.pk for subscriber in subscribers]
    return dict(zip(ids, choose_for(pool, [wanted[each] for each in ids]), strict=True))


def choose_for(pool: Pool, readers: Sequence[Interests]) -> list[list[Choice]]:
    """The digest for each of these interests, in their order. No query."""
    if not readers or not len(pool.paper_ids):
        return [[] for _ in readers]
    bits = {slug: bit for bit, slug in enumerate(pool.table.slugs)}
    followed = np.zeros((len(readers), len(bits)), dtype=bool)
    marks = [(row, bits[slug]) for row, reader in enumerate(readers) for slug in reader.topics if slug in bits]
    if marks:
        followed[tuple(zip(*marks, strict=True))] = True
    lengths = np.array([reader.length for reader in readers])
    chosen = _best(_eligible(pool, readers, followed, lengths), lengths, len(pool.paper_ids))
    return _explained(pool, readers, followed, chosen)


def replay(delivery: Delivery) -> list[Choice]:
    """The digest of a delivery, chosen again from the frozen pool and the preferences stored with it.

    It equals the stored selection. `DeliveryError` where nothing was stored to choose by, or other rules held then.
    """
    stored = delivery.preferences
    if not stored or stored.get("rules") != RULES:
        raise DeliveryError(f"Delivery {delivery.uid} was not chosen by the rules in force: it cannot be replayed.")
    return choose_for(load_pool(delivery.edition), [Interests.from_json(stored)])[0]


def _eligible(
    pool: Pool, readers: Sequence[Interests], followed: NDArray[np.bool_], lengths: NDArray[np.int64]
) -> Keys:
    """Readers x papers: sort keys, or never where the paper is not for this reader; modulo papers it is its place."""
    table, general = pool.table, np.array([not reader.topics for reader in readers])
    scores = table.scores(followed, general)
    keys = _compact(scores * len(pool.paper_ids) + np.arange(len(pool.paper_ids)))
    keys[_withheld(pool, readers)] = _never(keys)
    relevant = table.topics >= ON_TOPIC
    on_topic = followed.astype(np.float32) @ relevant.T.astype(np.float32) > 0
    on_topic[general] = relevant.any(axis=1)
    notable = (table.trend >= TRENDING) | (table.editor > 0)
    on_topic[general] |= notable
    return _with_few_off_topic(keys, on_topic, notable, np.maximum(1, lengths // OFF_TOPIC_PART))


def _withheld(pool: Pool, readers: Sequence[Interests]) -> NDArray[np.bool_]:
    places = {int(paper_id): place for place, paper_id in enumerate(pool.paper_ids)}
    withheld = np.zeros((len(readers), len(places)), dtype=bool)
    withheld[:, ~pool.offered] = True
    marks = [
        (row, places[paper_id])
        for row, reader in enumerate(readers)
        for paper_id in reader.withheld
        if paper_id in places
    ]
    if marks:
        withheld[tuple(zip(*marks, strict=True))] = True
    return withheld


def _compact(keys: NDArray[np.int64]) -> Keys:
    """As 32-bit numbers where they all fit, as they do with ordinary scores: sorted in half the time."""
    room = np.iinfo(np.int32)
    fits = not keys.size or (room.min < keys.min() and keys.max() < room.max)
    return keys.astype(np.int32) if fits else keys


def _never(keys: Keys) -> int:
    """Below every key of this width."""
    return int(np.iinfo(keys.dtype).min)


def _with_few_off_topic(
    keys: Keys, on_topic: NDArray[np.bool_], notable: NDArray[np.bool_], limits: NDArray[np.int64]
) -> Keys:
    candidates = np.flatnonzero(notable)
    off_topic = np.where(on_topic[:, candidates], _never(keys), keys[:, candidates])
    few = _best(off_topic, limits, keys.shape[1])
    eligible = np.where(on_topic, keys, _never(keys))
    rows, columns = np.nonzero(few >= 0)
    kept = few[rows, columns]
    eligible[rows, kept] = keys[rows, kept]
    return eligible


def _best(keys: Keys, counts: NDArray[np.int64], papers: int) -> Keys:
    """Readers x largest count: the places of each reader's best keys, best first, -1 after the last.

    A whole sort, as numpy's is vectorised: its argpartition takes ten times as long where most keys are never.
    """
    found = np.sort(keys, axis=1)[:, ::-1][:, : int(counts.max())]
    beyond = np.arange(found.shape[1]) >= counts[:, None]
    best: Keys = np.where((found == _never(keys)) | beyond, -1, found % papers)
    return best


def _explained(
    pool: Pool, readers: Sequence[Interests], followed: NDArray[np.bool_], chosen: Keys
) -> list[list[Choice]]:
    """A choice depends on the paper and on which of its topics the reader follows: most readers share them."""
    powers = 1 << np.arange(len(pool.table.slugs), dtype=np.int64)
    of_papers = (pool.table.topics > 0) @ powers
    theirs = followed @ powers
    reasons = np.where([[not reader.topics] for reader in readers], EVERYTHING, of_papers[chosen] & theirs[:, None])
    known = pool.choices
    digests = []
    for places, topics in zip(chosen.tolist(), reasons.tolist(), strict=True):
        digest = [known.get(key) or pool.choice(*key) for key in zip(places, topics, strict=True) if key[0] >= 0]
        digests.append(digest)
    return digests
