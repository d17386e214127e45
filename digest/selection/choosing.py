"""Takes a pool and readers, or a delivery; gives digests, chosen by what is stored of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.errors import DeliveryError
from digest.models import Delivery
from digest.ranking.choosing import choose_for
from digest.ranking.interests import RULES, Interests
from digest.ranking.pool import Choice, Pool
from digest.selection.interests import interests_of
from digest.selection.pool import load_pool
from subscriptions.models import Subscriber


def choose(
    pool: Pool, subscribers: Sequence[Subscriber], now: datetime, interests: Mapping[int, Interests] | None = None
) -> dict[int, list[Choice]]:
    """Each reader's digest by subscriber id, best first, possibly empty; five queries, however many readers.

    Give `interests`, as `interests_of` read them, to store with the delivery exactly what was chosen by; no query then.
    """
    lengths = {subscriber.pk: subscriber.digest_length for subscriber in subscribers}
    wanted = interests_of(pool, lengths, now) if interests is None else interests
    ids = [subscriber.pk for subscriber in subscribers]
    return dict(zip(ids, choose_for(pool, [wanted[each] for each in ids]), strict=True))


def replay(delivery: Delivery) -> list[Choice]:
    """The digest of a delivery, chosen again from the frozen pool and the preferences stored with it.

    It equals the stored selection. `DeliveryError` where nothing was stored to choose by, or other rules held then.
    """
    stored = delivery.preferences
    if not stored or stored.get("rules") != RULES:
        raise DeliveryError(f"Delivery {delivery.uid} was not chosen by the rules in force: it cannot be replayed.")
    return choose_for(load_pool(delivery.edition), [Interests.from_json(stored)])[0]
