"""Rows for tests, made by small factories: each alone is valid, and says only what a test does not care about."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from digest.models import (
    Breaker,
    BreakerState,
    Delivery,
    DeliveryState,
    Digest,
    Edition,
    EditionKind,
    EditionPaper,
    EditionState,
    Host,
    Listing,
    Outcome,
    Paper,
    ProviderEvent,
    Signal,
    SignalKind,
    Source,
    SourceRun,
)
from subscriptions import addresses
from subscriptions.models import (
    ConsentAction,
    ConsentRecord,
    SignupRequest,
    SignupState,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
    Topic,
)

NOW = datetime(2026, 7, 14, 5, 0, tzinfo=UTC)  # a Tuesday


class TopicFactory(DjangoModelFactory[Topic]):
    """A topic; one that is there already under its slug (they are seeded) is taken as it is."""

    class Meta:
        model = Topic
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda number: f"topic-{number}")
    name = factory.LazyAttribute(lambda topic: topic.slug.replace("-", " ").capitalize())
    description = factory.LazyAttribute(lambda topic: f"Papers about {topic.name.lower()}")
    categories = factory.LazyFunction(lambda: ["cs.XX"])
    keywords = factory.LazyFunction(list)


class SubscriberFactory(DjangoModelFactory[Subscriber]):
    """An active reader. `topics=[...]` takes Topic rows; `unsubscribed=True` is a trait."""

    class Meta:
        model = Subscriber
        skip_postgeneration_save = True

    class Params:
        email_domain = "example.org"
        unsubscribed = factory.Trait(
            status=SubscriberStatus.UNSUBSCRIBED, unsubscribed_at=NOW - timedelta(days=1), next_delivery_at=None
        )

    email = factory.LazyAttributeSequence(lambda reader, number: f"reader{number}@{reader.email_domain}")
    address_key = factory.LazyAttribute(lambda reader: addresses.normalise(reader.email))
    address_hash = factory.LazyAttribute(lambda reader: addresses.address_hash(reader.address_key))
    status = SubscriberStatus.ACTIVE
    created_at = NOW - timedelta(days=30)
    confirmed_at = NOW - timedelta(days=30)
    next_delivery_at = NOW

    @factory.post_generation
    def topics(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted:
            self.topics.set(extracted)


class SignupRequestFactory(DjangoModelFactory[SignupRequest]):
    """Somebody who asked and whose confirmation mail left at NOW; `due=True`: it is to leave."""

    class Meta:
        model = SignupRequest

    class Params:
        due = factory.Trait(mails=0, mailed_at=None, next_try_at=NOW)

    email = factory.Sequence(lambda number: f"asking{number}@example.org")
    address_key = factory.LazyAttribute(lambda request: addresses.normalise(request.email))
    address_hash = factory.LazyAttribute(lambda request: addresses.address_hash(request.address_key))
    mailbox_hash = factory.LazyAttribute(lambda request: addresses.address_hash(addresses.folded(request.address_key)))
    state = SignupState.OPEN
    origin = "form"
    asked_at = NOW
    expires_at = factory.LazyAttribute(lambda request: request.asked_at + timedelta(days=7))
    mails = 1
    mailed_at = factory.LazyAttribute(lambda request: request.asked_at)


class ConsentRecordFactory(DjangoModelFactory[ConsentRecord]):
    class Meta:
        model = ConsentRecord

    subscriber = factory.SubFactory(SubscriberFactory)
    address_hash = factory.LazyAttribute(lambda record: record.subscriber.address_hash)
    action = ConsentAction.REQUESTED
    text = "Send me papers by mail."
    text_version = "1"
    origin = "form"
    created_at = NOW


class SuppressionFactory(DjangoModelFactory[Suppression]):
    """A suppressed address: give `address="a@example.org"`, or nothing."""

    class Meta:
        model = Suppression

    class Params:
        address = factory.Sequence(lambda number: f"gone{number}@example.org")

    address_hash = factory.LazyAttribute(lambda row: addresses.address_hash(addresses.normalise(row.address)))
    reason = SuppressionReason.HARD_BOUNCE
    created_at = NOW


class SourceFactory(DjangoModelFactory[Source]):
    class Meta:
        model = Source

    name = factory.Sequence(lambda number: f"Source {number}")
    slug = factory.Sequence(lambda number: f"source-{number}")
    kind = "arxiv_atom"
    url = factory.LazyAttribute(lambda source: f"https://example.org/{source.slug}")


class HostFactory(DjangoModelFactory[Host]):
    class Meta:
        model = Host

    class Params:
        paused = factory.Trait(
            failures=3,
            reason="no complete reply within 30 s",
            failing_since=factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=20)),
            next_turn_at=factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=30)),
        )

    name = factory.Sequence(lambda number: f"host-{number}.example")
    next_turn_at = factory.LazyFunction(timezone.now)


class SourceRunFactory(DjangoModelFactory[SourceRun]):
    class Meta:
        model = SourceRun

    source = factory.SubFactory(SourceFactory)
    source_name = factory.LazyAttribute(lambda run: run.source.name if run.source else "a file")
    started_at = NOW
    finished_at = factory.LazyAttribute(lambda run: run.started_at + timedelta(seconds=2))
    outcome = Outcome.FRESH
    http_status = 200
    received = 3
    new = 2
    known = 1


class PaperFactory(DjangoModelFactory[Paper]):
    class Meta:
        model = Paper

    arxiv_id = factory.Sequence(lambda number: f"2607.{number:05d}")
    title = factory.Sequence(lambda number: f"A careful study of paper number {number}")
    key = factory.LazyAttribute(lambda paper: f"arxiv:{paper.arxiv_id}" if paper.arxiv_id else f"title:{paper.title}")
    abstract = factory.LazyAttribute(lambda paper: f"{paper.title}. We look closely and report what we saw.")
    authors = factory.LazyFunction(lambda: ["Ada Lovelace", "Emmy Noether"])
    categories = factory.LazyFunction(lambda: ["cs.XX"])
    primary_category = "cs.XX"
    url = factory.LazyAttribute(lambda paper: f"https://arxiv.org/abs/{paper.arxiv_id}")
    published_at = NOW - timedelta(days=1)
    first_seen_at = NOW - timedelta(hours=12)


class ListingFactory(DjangoModelFactory[Listing]):
    class Meta:
        model = Listing

    paper = factory.SubFactory(PaperFactory)
    source = factory.SubFactory(SourceFactory)
    listed_on = NOW.date()
    first_seen_at = NOW


class SignalFactory(DjangoModelFactory[Signal]):
    class Meta:
        model = Signal

    paper = factory.SubFactory(PaperFactory)
    kind = SignalKind.UPVOTES
    value = 12
    observed_on = NOW.date()


class EditionFactory(DjangoModelFactory[Edition]):
    """An open daily edition, one day after the other; `published=True` freezes it at its time."""

    class Meta:
        model = Edition

    kind = EditionKind.DAILY
    date = factory.Sequence(lambda number: NOW.date() + timedelta(days=number % 3000))
    publish_at = factory.LazyAttribute(lambda edition: _at(edition.date, 6))
    built_at = factory.LazyAttribute(lambda edition: _at(edition.date, 2))

    class Params:
        published = factory.Trait(
            state=EditionState.PUBLISHED, published_at=factory.LazyAttribute(lambda edition: edition.publish_at)
        )


class EditionPaperFactory(DjangoModelFactory[EditionPaper]):
    class Meta:
        model = EditionPaper

    edition = factory.SubFactory(EditionFactory)
    paper = factory.SubFactory(PaperFactory)
    trend = 0.5


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """A queued digest. `claimed_at` is set for every state that follows a claim."""

    class Meta:
        model = Delivery

    edition = factory.SubFactory(EditionFactory, published=True)
    subscriber = factory.SubFactory(SubscriberFactory)
    address_hash = factory.LazyAttribute(lambda delivery: delivery.subscriber.address_hash)
    state = DeliveryState.QUEUED
    due_at = factory.LazyAttribute(lambda delivery: delivery.edition.publish_at)
    claimed_at = factory.LazyAttribute(
        lambda delivery: None if delivery.state in (DeliveryState.QUEUED, DeliveryState.SKIPPED) else delivery.due_at
    )
    created_at = NOW

    @classmethod
    def _create(cls, model_class: type[Delivery], *args: Any, **fields: Any) -> Delivery:
        """`selection`, `preferences` and `news`, where given, become the delivery's digest."""
        carried = {name: fields.pop(name) for name in ("selection", "preferences", "news") if name in fields}
        delivery: Delivery = super()._create(model_class, *args, **fields)
        if carried:
            items = carried.get("selection", [])
            papers = json.dumps([paper for item in items for paper in (item["paper"], *item.get("similar", ()))])
            Digest.objects.create(delivery=delivery, papers=papers, **carried)
        return delivery


class BreakerFactory(DjangoModelFactory[Breaker]):
    """A way out that is paused for a minute."""

    class Meta:
        model = Breaker

    scope = factory.Sequence(lambda number: f"smtp:mail{number}.example.org:587:paperboy")
    state = BreakerState.OPEN
    until = NOW + timedelta(minutes=1)
    fault = "credentials"
    reason = "535 5.7.8 Authentication credentials invalid"
    trips = 1
    opened_at = NOW
    updated_at = NOW


class ProviderEventFactory(DjangoModelFactory[ProviderEvent]):
    class Meta:
        model = ProviderEvent

    key = factory.Sequence(lambda number: f"event-{number}")
    provider = "Test"
    kind = "delivered"
    delivery = factory.SubFactory(DeliveryFactory)
    occurred_at = NOW
    received_at = NOW
    handled_at = NOW


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)
