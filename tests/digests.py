"""Digests as the sending loop chooses and stores them, for tests of what comes after."""

from __future__ import annotations

import json
from datetime import datetime

from digest.models import Delivery, DeliveryState, Edition
from digest.selection import Composed, compose, load_pool
from subscriptions.models import Subscriber
from tests.factories import NOW, DeliveryFactory


def composed(edition: Edition, reader: Subscriber, now: datetime = NOW) -> Composed:
    return compose(edition, load_pool(edition), {reader.pk: reader.digest_length}, now)[reader.pk]


def send(edition: Edition, reader: Subscriber, state: str = DeliveryState.ACCEPTED, now: datetime = NOW) -> Delivery:
    """What this edition has for the reader, stored with a delivery in that state."""
    chosen = composed(edition, reader, now)
    return DeliveryFactory(
        edition=edition,
        subscriber=reader,
        state=state,
        selection=[choice.as_json() for choice in chosen.choices],
        preferences=json.loads(chosen.interests.as_text()),
        news=[each.as_json() for each in chosen.follow_ups],
    )
