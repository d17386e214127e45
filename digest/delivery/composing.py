"""Takes leased rows of one edition; gives each reader's digest: papers chosen together, messages made one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.mail import EmailMessage

from digest.models import Delivery, Edition
from digest.rendering import CompiledEdition, ReaderFacts, assemble, compile_edition
from digest.selection import Choice, Interests, choose, interests_of, load_pool
from subscriptions.clock import zone_named
from subscriptions.models import Subscriber


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one edition with their papers chosen; `choices` is keyed by delivery id, empty for no papers."""

    compiled: CompiledEdition
    choices: dict[int, list[Choice]]
    interests: dict[int, Interests]

    def compose(self, delivery: Delivery, now: datetime) -> EmailMessage:
        """The reader's message; the row is given its selection and preferences, not yet saved."""
        chosen = self.choices[delivery.pk]
        reader = reader_of(delivery)
        delivery.selection = [choice.as_json() for choice in chosen]
        delivery.preferences = self.interests[reader.pk].as_json()
        return assemble(self.compiled, _facts(delivery, reader, now), chosen)


def prepare(edition: Edition, deliveries: Sequence[Delivery], now: datetime) -> Batch:
    """Choose papers for all these readers at once, and compile what they share."""
    readers = {delivery.pk: reader_of(delivery) for delivery in deliveries if delivery.subscriber is not None}
    pool, subscribers = load_pool(edition), list(readers.values())
    interests = interests_of(pool, subscribers, now)
    chosen = choose(pool, subscribers, now, interests)
    choices = {pk: chosen[reader.pk] for pk, reader in readers.items()}
    papers = {choice.paper_id for row in choices.values() for choice in row}
    return Batch(compile_edition(edition, sorted(papers)), choices, interests)


def reader_of(delivery: Delivery) -> Subscriber:
    """The row's reader. Rows whose reader was deleted are ended before anything is composed."""
    if delivery.subscriber is None:
        raise ValueError(f"delivery {delivery.uid} has no reader any more")
    return delivery.subscriber


def _facts(delivery: Delivery, reader: Subscriber, now: datetime) -> ReaderFacts:
    return ReaderFacts(
        subscriber_id=reader.pk,
        email=reader.email,
        uid=delivery.uid,
        local_date=now.astimezone(zone_named(reader.time_zone)).date(),
        now=now,
        topics=tuple(topic.name for topic in reader.topics.all() if topic.is_active),
        frequency=reader.frequency,
    )
