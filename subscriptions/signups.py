"""Takes a wish to become a reader, gives a row for it, then a mail that is due, then a reader: the only way in.

Asking stores a row and looks nothing up, so that nobody learns from an answer, or from its time, what is known of an
address. Deciding comes later and elsewhere: one at a time, so that all spellings of a mailbox share its limits. Nothing
here sends or enqueues; edges do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from subscriptions import addresses, consent, signals
from subscriptions.consent import Origin
from subscriptions.departures import suppress
from subscriptions.models import (
    BOUNCE_REASONS,
    ConsentAction,
    SignupRequest,
    SignupState,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from subscriptions.services import Preferences, apply_preferences

LOCK = 0x5349474E  # any number, as long as it is always the same
AT_ONCE = 500  # requests that are decided about together
PAUSE = timedelta(hours=24)  # between two mails to one mailbox, whoever asks
REMINDER_AFTER = timedelta(hours=30)  # a night's sleep and a morning
FORGET_AFTER = timedelta(days=30)  # how long an expired confirmation link can still say so
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)  # until a mail that did not leave is tried again


def ask(email: str, preferences: Preferences, origin: Origin, now: datetime) -> None:
    """Remember that someone wants to read: one statement, whoever they are. Raises `ValidationError` if it is none."""
    key = addresses.normalise(email)
    SignupRequest.objects.create(
        email=addresses.deliverable(email),
        address_key=key,
        address_hash=addresses.address_hash(key),
        mailbox_hash=addresses.address_hash(addresses.folded(key)),
        wanted=asdict(preferences),
        asked_at=now,
        expires_at=now + _life(),
        **consent.columns(origin),
    )


def decide(now: datetime) -> int:
    """Look at the requests that were asked longest ago; gives how many. What is beyond a limit is forgotten at once.

    Somebody who asks twice is one request, with their newest wishes; it is mailed again when the mailbox's pause is
    over. After a complaint or a refusal nothing is left of the request.
    """
    with transaction.atomic():
        _take_turn()
        asked = list(SignupRequest.objects.filter(state=SignupState.ASKED).order_by("pk")[:AT_ONCE])
        book = _Book(asked)
        gone = [request.pk for request in asked if not book.takes(request, now)]
        SignupRequest.objects.filter(pk__in=gone).delete()
        SignupRequest.objects.bulk_update(
            book.changed, ["state", "next_try_at", "wanted", "asked_at", "expires_at", *consent.COLUMNS]
        )
    return len(asked)


def _take_turn() -> None:
    """Wait until nobody else decides: two would each find room for a mail to the same mailbox.

    SQLite's transactions take the write lock at their beginning; PostgreSQL needs to be told.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


class _Book:
    """What is known of the mailboxes that some requests are about, held until the transaction ends."""

    def __init__(self, requests: Sequence[SignupRequest]) -> None:
        hashes = {request.address_hash for request in requests}
        suppressed = Suppression.objects.filter(address_hash__in=hashes)
        self.suppressed: dict[str, str] = dict(suppressed.values_list("address_hash", "reason"))
        self.open: dict[str, list[SignupRequest]] = defaultdict(list)
        for row in _open_at({request.mailbox_hash for request in requests}).select_for_update().order_by("pk"):
            self.open[row.mailbox_hash].append(row)
        self.changed: list[SignupRequest] = []

    def takes(self, request: SignupRequest, now: datetime) -> bool:
        """Whether this request stays; if not, what is left of it is in the one that was there before."""
        reason = self.suppressed.get(request.address_hash)
        if reason not in (None, *BOUNCE_REASONS):
            return False
        rows = self.open[request.mailbox_hash]
        may_mail = _have_room(rows, now, most=1 if reason else settings.SIGNUP_MAILS)
        same = next((row for row in rows if row.address_key == request.address_key), None)
        if same is None:
            if may_mail:
                request.state, request.next_try_at = SignupState.OPEN, now
                rows.append(request)
                self.changed.append(request)
            return may_mail
        for name in ("wanted", "asked_at", *consent.COLUMNS):
            setattr(same, name, getattr(request, name))
        if may_mail:
            same.next_try_at, same.expires_at = now, request.expires_at
        if same not in self.changed:
            self.changed.append(same)
        return False


def _open_at(mailboxes: Iterable[str]) -> QuerySet[SignupRequest]:
    return SignupRequest.objects.filter(mailbox_hash__in=mailboxes, state=SignupState.OPEN)


def _have_room(rows: Sequence[SignupRequest], now: datetime, most: int) -> bool:
    """Whether a mailbox with these open requests may be sent one mail more; one that is still to leave counts."""
    for row in rows:
        # What is due or was put off will leave; a reminder is not due yet, and sees for itself whether there is room.
        waits = row.next_try_at is not None and (row.next_try_at <= now or row.attempts > 0)
        if waits or row.mailed_at is None or row.mailed_at > now - PAUSE:
            return False
    return sum(row.mails for row in rows) < most


def due(now: datetime) -> list[int]:
    """Whose mail is to be tried, who waits longest first: as many as `SIGNUPS_PER_HOUR` leaves room for."""
    room = settings.SIGNUPS_PER_HOUR - SignupRequest.objects.filter(mailed_at__gt=now - timedelta(hours=1)).count()
    waiting = SignupRequest.objects.filter(state=SignupState.OPEN, next_try_at__lte=now, expires_at__gt=now)
    return list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[: max(room, 0)])


class Letter(NamedTuple):
    """A mail that is ours to send. `request` is as it was before, for `release`; a `reader` is subscribed already."""

    request: SignupRequest
    reader: Subscriber | None
    is_reminder: bool


def claim(request_id: int, now: datetime) -> Letter | None:
    """The mail that is due, claimed before anything leaves: it counts as sent, and is not repeated, unless released.

    None if it is due no more: it was claimed, or answered, or the address is not to be written to, which ends the
    request. A first mail that asks to confirm is followed by one reminder, should the mailbox have room for it.
    """
    with transaction.atomic():
        request = (
            SignupRequest.objects.select_for_update()
            .filter(pk=request_id, state=SignupState.OPEN, next_try_at__lte=now, expires_at__gt=now)
            .first()
        )
        if request is None:
            return None
        reason = Suppression.objects.filter(address_hash=request.address_hash).values_list("reason", flat=True).first()
        if reason not in (None, *BOUNCE_REASONS):
            request.delete()
            return None
        reader = None if reason else Subscriber.objects.active().filter(address_key=request.address_key).first()
        is_reminder = request.mailed_at is not None and request.asked_at <= request.mailed_at
        others = list(_open_at([request.mailbox_hash]).exclude(pk=request.pk))
        if is_reminder and (reader or not _have_room(others, now, settings.SIGNUP_MAILS - request.mails)):
            give_up(request.pk)
            return None
        has_reminder = request.mails == 0 and reader is None and reason is None
        SignupRequest.objects.filter(pk=request.pk).update(
            mails=F("mails") + 1,
            mailed_at=now,
            expires_at=now + _life(),
            next_try_at=now + REMINDER_AFTER if has_reminder else None,
        )
    return Letter(request, reader, is_reminder)


def left(request_id: int) -> None:
    """The mail was taken: earlier failures count no more."""
    SignupRequest.objects.filter(pk=request_id, attempts__gt=0).update(attempts=0)


def release(request: SignupRequest, now: datetime) -> None:
    """Give the claim back: the mail certainly did not leave. It is tried again later, each time a little later."""
    wait = min(FIRST_WAIT * 2 ** min(request.attempts, 10), LONGEST_WAIT)
    SignupRequest.objects.filter(pk=request.pk, mails=request.mails + 1).update(
        mails=request.mails,
        mailed_at=request.mailed_at,
        expires_at=request.expires_at,
        attempts=request.attempts + 1,
        next_try_at=now + wait,
    )


def give_up(request_id: int) -> None:
    """The mail was refused for good: nothing follows. The row goes on counting until it is forgotten."""
    SignupRequest.objects.filter(pk=request_id).update(next_try_at=None)


def is_confirmable(request: SignupRequest, now: datetime) -> bool:
    """Whether its link is unused and not too old; before its mail has left nobody can hold it."""
    return request.state == SignupState.OPEN and request.mails > 0 and now <= request.expires_at


def confirm(request_id: int, origin: Origin, now: datetime) -> Subscriber | None:
    """Make who asked a reader with what they wanted; None if the link is used or expired, or the address suppressed.

    The first digest is due at once. Whoever confirms has received our mail: earlier bounces are lifted.
    """
    with transaction.atomic():
        request = SignupRequest.objects.select_for_update().filter(pk=request_id).first()
        if request is None or not is_confirmable(request, now):
            return None
        suppressions = Suppression.objects.filter(address_hash=request.address_hash)
        if suppressions.exclude(reason__in=BOUNCE_REASONS).exists():
            return None
        subscriber = _reader(request, now)
        suppressions.filter(reason__in=BOUNCE_REASONS).delete()
        preferences = wanted(request)
        apply_preferences(subscriber, preferences)
        consent.record([subscriber], ConsentAction.REQUESTED, consent.origin_of(request), request.asked_at)
        consent.record([subscriber], ConsentAction.CONFIRMED, origin, now)
        SignupRequest.objects.filter(pk=request.pk).update(state=SignupState.CONFIRMED, wanted={}, next_try_at=None)
        signals.confirmed.send(Subscriber, subscriber=subscriber, interest=preferences.interest, now=now)
        return subscriber


def refuse(request_id: int, now: datetime) -> bool:
    """Never write to this address again, on the word of who received our mail; False if the request is forgotten."""
    with transaction.atomic():
        request = SignupRequest.objects.select_for_update().filter(pk=request_id).first()
        if request is None:
            return False
        suppress(request.address_hash, SuppressionReason.REFUSED, "", now)
        SignupRequest.objects.filter(address_hash=request.address_hash).exclude(pk=request.pk).delete()
        # This one stays for its life, so that its link can say what was done.
        SignupRequest.objects.filter(pk=request.pk).update(wanted={}, next_try_at=None)
    return True


def is_refused(request: SignupRequest) -> bool:
    refused = Suppression.objects.filter(address_hash=request.address_hash, reason=SuppressionReason.REFUSED)
    return refused.exists()


def wanted(request: SignupRequest) -> Preferences:
    """What they asked for; preferences that came or went since then have their default, or are left out."""
    known = {field.name for field in fields(Preferences)}
    values = {name: value for name, value in request.wanted.items() if name in known}
    return Preferences(**{**values, "topics": tuple(values.get("topics", ()))})


def forget(now: datetime) -> int:
    """Delete what was never mailed by its end, and the rest a month after its link expired; gives how many."""
    never_mailed = Q(mails=0, expires_at__lte=now)
    deleted, _ = SignupRequest.objects.filter(never_mailed | Q(expires_at__lte=now - FORGET_AFTER)).delete()
    return deleted


def _reader(request: SignupRequest, now: datetime) -> Subscriber:
    """Their row, active and locked."""
    known = {"email": request.email, "address_hash": request.address_hash, "created_at": now, "confirmed_at": now}
    Subscriber.objects.get_or_create(address_key=request.address_key, defaults=known)
    subscriber = Subscriber.objects.select_for_update().get(address_key=request.address_key)
    subscriber.status = SubscriberStatus.ACTIVE
    subscriber.confirmed_at = subscriber.next_delivery_at = now
    subscriber.unsubscribed_at = None
    subscriber.save(update_fields=["status", "confirmed_at", "next_delivery_at", "unsubscribed_at"])
    return subscriber


def _life() -> timedelta:
    return timedelta(days=settings.CONFIRMATION_DAYS)
