"""Takes a reader; gives their last deliveries, and in plain words why nothing came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from digest.delivery import breaker, pauses, reasons
from digest.models import Breaker, BreakerState, Delivery, DeliveryState, Edition, EditionKind
from digest.models.states import OPEN_STATES
from subscriptions import addresses
from subscriptions.clock import zone_named
from subscriptions.models import Frequency, Subscriber, SubscriberStatus, Suppression

SHOWN = 10
ARRIVED = {
    DeliveryState.ACCEPTED: "was accepted by the mail server",
    DeliveryState.DELIVERED: "arrived",
}

NO_PAPERS = "No papers"  # as the pump says
FATES = {
    DeliveryState.BOUNCED: "Your mail server sent it back.",
    DeliveryState.REJECTED: "Our mail server refused it, and its papers are free for the next one.",
    DeliveryState.UNKNOWN: "Or it did: the mail server did not say.",
}


class Answer(NamedTuple):
    """A sentence or two, and the words of others that it rests on, if there are any."""

    text: str
    words: str = ""


def last_deliveries(reader: Subscriber, limit: int = SHOWN) -> list[Delivery]:
    """The newest first, with their editions. One query."""
    return list(reader.deliveries.select_related("edition").order_by("-pk")[:limit])


def latest(reader: Subscriber) -> str:
    """What became of the reader's newest digest, in words for themselves; "" where there was none yet."""
    row = reader.deliveries.select_related("edition").order_by("-pk").first()
    if row is None:
        return ""
    edition = f"The {row.edition.get_kind_display().lower()} digest of {row.edition.date:%-d %B}"
    state = DeliveryState(row.state)
    if state in OPEN_STATES:
        return f"{edition} is on its way to you."
    if state in (*ARRIVED, DeliveryState.COMPLAINED):
        return f"{edition} was sent to you."
    if state == DeliveryState.SKIPPED and row.detail == NO_PAPERS:
        why = "nothing in it, nor in the week before, was new to you and about what you asked for"
        return f"{edition} was not sent: {why}. More topics or interests would bring more."
    return f"{edition} did not reach you. {FATES.get(state, '')}".rstrip()


def why_nothing_came(reader: Subscriber, now: datetime, rows: Sequence[Delivery] | None = None) -> Answer:
    """Why the digest this reader may expect did not come, or when it is to come; `rows` are their last deliveries."""
    rows = last_deliveries(reader) if rows is None else rows
    return _not_written_to(reader) or _on_its_way(reader, rows, now) or _waits(reader, now) or _last(reader, rows)


def _not_written_to(reader: Subscriber) -> Answer | None:
    if reader.status == SubscriberStatus.UNSUBSCRIBED:
        return Answer(f"Unsubscribed on {_moment(reader, reader.unsubscribed_at)}: nothing is sent since.")
    suppression = Suppression.objects.filter(address_hash=reader.address_hash).first()
    if suppression is None:
        return None
    since, reason = _moment(reader, suppression.created_at), suppression.get_reason_display().lower()
    return Answer(f"The address has been suppressed since {since} ({reason}): nothing is sent.", suppression.detail)


def _on_its_way(reader: Subscriber, rows: Sequence[Delivery], now: datetime) -> Answer | None:
    row = next((row for row in rows if row.state in OPEN_STATES), None)
    if row is None:
        return None
    if row.state == DeliveryState.CLAIMED:
        return Answer(f"The {row.edition} is being handed to the mail server.")
    if (pause := _pause(reader, row, now)) is not None:
        until = _moment(reader, pause.row.until)
        what = "and" if pause.kind is pauses.Kind.EDITION else f"but {pause.what[0].lower()}{pause.what[1:]} is"
        return Answer(f"The {row.edition} is in the queue, {what} paused until {until}. {pause.why}", pause.words)
    if row.due_at > now:
        why = reasons.of_delivery(row.state, row.detail).text
        return Answer(f"The {row.edition} waits until {_moment(reader, row.due_at)}. {why}", row.detail)
    return Answer(f"The {row.edition} is in the queue, and goes out with the next run.")


def _pause(reader: Subscriber, row: Delivery, now: datetime) -> pauses.Pause | None:
    domain = addresses.domain_of(reader.email)
    scopes = [breaker.identity(), breaker.edition(row.edition_id), breaker.destination(domain)]
    shut = Breaker.objects.filter(scope__in=scopes, until__gt=now).exclude(state=BreakerState.CLOSED)
    return next(iter(pauses.described(list(shut))), None)


def _waits(reader: Subscriber, now: datetime) -> Answer | None:
    """Their slot has come, and no row was made for it."""
    slot = reader.next_delivery_at
    if slot is None or slot > now:
        return None
    kind = _kind(reader)
    newest = Edition.objects.newest(kind) or _first(reader)
    lapses = _moment(reader, slot + timedelta(hours=settings.LATE_DELIVERY_HOURS))
    waiting = f"The digest due {_moment(reader, slot)} waits for a new edition until {lapses}."
    if newest is None:
        return Answer(f"No {kind} edition was published yet. {waiting}")
    if reader.deliveries.filter(edition=newest).exists():
        return Answer(f"There is no new edition since the {newest}. {waiting}")
    return Answer(f"The {newest} is planned with the next run.")


def _last(reader: Subscriber, rows: Sequence[Delivery]) -> Answer:
    """Nothing is due: what became of the last one, and when the next one is."""
    upcoming = f"The next digest is due {_moment(reader, reader.next_delivery_at)}."
    newest = Edition.objects.newest(_kind(reader))
    if newest is not None and not reader.deliveries.filter(edition=newest).exists():
        out = _moment(reader, newest.published_at)
        return Answer(f"The {newest} came out {out}, when no digest was due. {upcoming}")
    if not rows:
        return Answer(f"No digest was due yet. {upcoming}")
    row = rows[0]
    if row.state in ARRIVED:
        when = _moment(reader, row.accepted_at or row.updated_at)
        return Answer(f"The {row.edition} {ARRIVED[DeliveryState(row.state)]} {when}. {upcoming}")
    why = reasons.of_delivery(row.state, row.detail).text
    fate = f"It is unknown what became of the {row.edition}"
    if row.state != DeliveryState.UNKNOWN:
        fate = f"The {row.edition} did not come"
    return Answer(f"{fate}: {why[0].lower()}{why[1:]} {upcoming}", row.detail)


def _kind(reader: Subscriber) -> EditionKind:
    return EditionKind.WEEKLY if reader.frequency == Frequency.WEEKLY else EditionKind.DAILY


def _first(reader: Subscriber) -> Edition | None:
    """A reader who never had a digest does not wait for the first edition of their kind."""
    return None if reader.deliveries.exists() else Edition.objects.published().order_by("-date").first()


def _moment(reader: Subscriber, moment: datetime | None) -> str:
    """By the reader's own clock."""
    if moment is None:
        return "at an unknown time"
    return f"{moment.astimezone(zone_named(reader.time_zone)):%-d %B %Y, %H:%M} ({reader.time_zone})"
