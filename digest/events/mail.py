"""Takes one mail that came to an address of ours; gives an unsubscribed reader, stored reports, or nothing at all.

Nobody is answered, ever. A mail proves nothing by its sender: a report counts only where it names a delivery by an id
that was sent to its recipient alone, and that recipient's address.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from enum import StrEnum
from itertools import islice

from anymail.signals import EventType
from django.db import Error as DatabaseError

from digest.events import addressing, notices, reports
from digest.events.notices import Notice
from digest.events.reports import Report
from digest.events.storing import store
from digest.models import Bounce, Delivery
from subscriptions import links, services

logger = logging.getLogger(__name__)

PROVIDER = "Mail"
# A notification's parts come first, the message that came back last: no more than this is read of any mail.
MAX_BYTES = 1024 * 1024
# Where servers note whom a mail was for; `To` last, as anyone may write anything there.
_RECIPIENT_HEADERS = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")


class Taken(StrEnum):
    """What a mail was."""

    UNSUBSCRIBED = "unsubscribed"
    REPORTED = "reported"
    IGNORED = "ignored"


def take_bytes(raw: bytes, recipients: Sequence[str], now: datetime) -> Taken:
    """A mail as it was received; `recipients` are the envelope's, where they are known. ValueError for what is none."""
    try:
        message = message_from_bytes(raw[:MAX_BYTES])
    except Exception as error:  # of parts within parts without end, for one
        raise ValueError(f"This is not a mail that could be read: {type(error).__name__}") from error
    if not message.keys():
        raise ValueError("This is not a mail: it has no headers.")
    return take(message, recipients, now)


def take(message: Message, recipients: Sequence[str], now: datetime) -> Taken:
    """What cannot be understood is ignored; only the database's errors are raised: then the mail should come again."""
    try:
        addressed = list(recipients) or _named_recipients(message)
        if _unsubscribe(message, addressed, now):
            return Taken.UNSUBSCRIBED
        found = _believed(message, addressed, now)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("A mail could not be understood, and is ignored")
        return Taken.IGNORED
    if found:
        store(found, now)
    return Taken.REPORTED if found else Taken.IGNORED


def _unsubscribe(message: Message, addressed: Sequence[str], now: datetime) -> bool:
    """True for a mail to a reader's own unsubscribe address, also if they had left before; not for a robot's reply."""
    reader = next(filter(None, map(links.reader_of_address, addressed)), None)
    if reader is None or notices.is_report(message) or notices.is_automatic(message):
        return False
    services.unsubscribe(reader, services.Origin("mail"), now)
    return True


def _believed(message: Message, addressed: Sequence[str], now: datetime) -> list[Report]:
    own = next(filter(None, map(addressing.uid_of, addressed)), None)
    found = notices.read(message)
    uids = {uid for notice in found for uid in notice.uids} | ({own} if own else set())
    hashes = dict(Delivery.objects.filter(uid__in=uids).values_list("uid", "address_hash")) if uids else {}
    believed = (_report(notice, own, hashes, message, now) for notice in found)
    return [report for report in believed if report is not None]


def _report(
    notice: Notice, own: uuid.UUID | None, hashes: Mapping[uuid.UUID, str], message: Message, now: datetime
) -> Report | None:
    """The notice as a report of the one delivery it can be about; None where that is not proven."""
    uid = own if own in hashes else next((uid for uid in notice.uids if uid in hashes), None)
    if uid is None:
        return None
    named = {reports.hash_of(recipient) for recipient in notice.recipients} - {""}
    bounce = notice.bounce
    if hashes[uid] not in named:
        # A forwarded mail bounces for another address than we wrote to, and a complaint may hide whose it is.
        if not _may_name_another(notice, came_to_own=uid == own):
            return None
        bounce = Bounce.SOFT.value if bounce else ""
    moment = reports.moment(_date(message), now)
    return Report(
        key=reports.key_of(PROVIDER, notice.kind, uid, notice.words, message.get("Message-ID", moment)),
        provider=PROVIDER,
        kind=notice.kind,
        uid=uid,
        message_id="",
        address_hash=hashes[uid],
        bounce=bounce,
        reject_reason="",
        description=reports.storable_words(notice.words),
        occurred_at=moment,
    )


def _may_name_another(notice: Notice, came_to_own: bool) -> bool:
    if notice.kind in (EventType.COMPLAINED, EventType.UNSUBSCRIBED):
        return not notice.recipients
    return came_to_own and notice.kind == EventType.BOUNCED


def _named_recipients(message: Message) -> list[str]:
    values = [str(value)[:2000] for name in _RECIPIENT_HEADERS for value in message.get_all(name, [])[:5]]
    return [address for _, address in islice(getaddresses(values), 20) if address]


def _date(message: Message) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message.get("Date", "")))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
