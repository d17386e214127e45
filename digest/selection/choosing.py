"""Takes a pool and interests; gives digests, by one matrix product for a whole chunk of readers.

What is chosen: the best by score, of papers that are about the reader's topics (a share of ON_TOPIC_SHARE or more in
them together), and of others only editors' picks and what trends, at most a quarter of the digest's length and at
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
from digest.ranking.shortlist import ON_TOPIC_SHARE
from digest.selection.interests import RULES, Interests, interests_of
from digest.selection.pool import Choice, Pool, load_pool
from subscriptions.models import Subscriber

ON_TOPIC = round(ranking.WEIGHTS.topic * ON_TOPIC_SHARE * ranking.POINTS)
# A new paper's worth with two votes.
TRENDING_SHARE = 0.3
TRENDING = round(ranking.WEIGHTS.trend * TRENDING_SHARE * ranking.POINTS)
OFF_TOPIC_PART = 4
NEVER = np.iinfo(np.int64).min

Keys = NDArray[np.int64]


def choose(
    pool: Pool, subscribers: Sequence[Subscriber], now: datetime, interests: Mapping[int, Interests] | None = None
) -> dict[int, list[Choice]]:
    """Each reader's digest by subscriber id, best first, possibly empty; two queries, however many readers.

    Give `interests`, as `interests_of` read them, to store with the delivery exactly what was chosen by; no query then.
    """
    wanted = interests_of(pool, subscribers, now) if interests is None else interests
    ids = [subscriber.pk for subscriber in subscribers]
    return dict(zip(ids, choose_for(pool, [wanted[each] for each in ids]), strict=True))


def choose_for(pool: Pool, readers: Sequence[Interests]) -> list[list[Choice]]:
    """The digest for each of these interests, in their order. No query."""
    if not readers or not len(pool.paper_ids):
        return [[] for _ in readers]
    bits = {slug: bit for bit, slug in enumerate(pool.table.slugs)}
    followed = np.zeros((len(readers), len(bits)), dtype=bool)
    for row, reader in enumerate(readers):
        followed[row, [bits[slug] for slug in reader.topics if slug in bits]] = True
    lengths = np.array([reader.length for reader in readers])
    chosen = _best(_eligible(pool, readers, followed, lengths), lengths)
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
    """Readers x papers: sort keys, NEVER where the paper is not for this reader; a key modulo papers is its place."""
    table, general = pool.table, np.array([not reader.topics for reader in readers])
    scores = table.scores(followed, general)
    keys = scores * len(pool.paper_ids) + np.arange(len(pool.paper_ids))
    keys[_withheld(pool, readers)] = NEVER
    matches = scores - table.base()
    on_topic = matches >= ON_TOPIC
    on_topic[general] = table.topics.sum(axis=1) >= ON_TOPIC
    notable = (table.trend >= TRENDING) | (table.editor > 0)
    on_topic[general] |= notable
    return _with_few_off_topic(keys, on_topic, notable, np.maximum(1, lengths // OFF_TOPIC_PART))


def _withheld(pool: Pool, readers: Sequence[Interests]) -> NDArray[np.bool_]:
    places = {int(paper_id): place for place, paper_id in enumerate(pool.paper_ids)}
    withheld = np.zeros((len(readers), len(places)), dtype=bool)
    withheld[:, ~pool.offered] = True
    for row, reader in enumerate(readers):
        if reader.withheld:
            withheld[row, [places[paper_id] for paper_id in reader.withheld if paper_id in places]] = True
    return withheld


def _with_few_off_topic(
    keys: Keys, on_topic: NDArray[np.bool_], notable: NDArray[np.bool_], limits: NDArray[np.int64]
) -> Keys:
    off_topic = np.where(notable & ~on_topic, keys, NEVER)
    few = _best(off_topic, limits)
    eligible = np.where(on_topic, keys, NEVER)
    rows, columns = np.nonzero(few >= 0)
    kept = few[rows, columns]
    eligible[rows, kept] = keys[rows, kept]
    return eligible


def _best(keys: Keys, counts: NDArray[np.int64]) -> Keys:
    """Readers x largest count: the places of each reader's best keys, best first, -1 after the last.

    A whole sort, as numpy's is vectorised: its argpartition takes ten times as long where most keys are NEVER.
    """
    papers = keys.shape[1]
    found = np.sort(keys, axis=1)[:, ::-1][:, : int(counts.max())]
    beyond = np.arange(found.shape[1]) >= counts[:, None]
    best: Keys = np.where((found == NEVER) | beyond, -1, found % papers)
    return best


def _explained(
    pool: Pool, readers: Sequence[Interests], followed: NDArray[np.bool_], chosen: Keys
) -> list[list[Choice]]:
    powers = [1 << bit for bit in range(len(pool.table.slugs))]
    of_papers = [_bits(row, powers) for row in pool.table.topics > 0]
    digests = []
    for reader, row, places in zip(readers, followed, chosen.tolist(), strict=True):
        theirs = _bits(row, powers) if reader.topics else None
        reasons = (None if theirs is None else of_papers[place] & theirs for place in places)
        digests.append(
            [pool.choice(place, topics) for place, topics in zip(places, reasons, strict=True) if place >= 0]
        )
    return digests


def _bits(row: NDArray[np.bool_], powers: Sequence[int]) -> int:
    return sum(power for power, is_set in zip(powers, row.tolist(), strict=True) if is_set)
