"""Takes the moment; gives the editions whose time has come: opened, rebuilt, published."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from digest.editions import calendar
from digest.editions.building import build, publish
from digest.errors import EditionClosed, EditionError
from digest.models import Edition, EditionKind, EditionState

REBUILD_EVERY = timedelta(minutes=10)

log = logging.getLogger(__name__)


def run_schedule(now: datetime) -> list[Edition]:
    """Opens, rebuilds and publishes what is due; gives the editions it did something to. Safe to run twice at once.

    Of each kind only the newest issue whose curation has begun is opened, so that after a standstill readers get one
    edition and not seven. One that was left open before the standstill is still published if it is the newest that
    is due; older ones stay as they are. An issue without papers is not opened: it is tried again at the next tick.
    """
    return [edition for kind in EditionKind for edition in _advance(kind, now)]


def _advance(kind: str, now: datetime) -> list[Edition]:
    opened = _open(kind, now)
    touched = {edition.pk: edition for edition in opened}
    for edition in _current(kind, now):
        if _claim_rebuild(edition, now):
            touched[edition.pk] = _build(edition, now) or edition
        if edition.publish_at <= now:
            touched[edition.pk] = _publish(edition, now) or edition
    return list(touched.values())


def _open(kind: str, now: datetime) -> list[Edition]:
    issue = calendar.newest_opened(kind, now)
    if Edition.objects.filter(kind=kind, date__gte=issue).exists():
        return []
    try:
        return [build(kind, issue, now)]
    except EditionClosed:
        return []  # another worker has opened and published it since
    except EditionError as error:
        log.info("No edition was opened: %s", error)
        return []


def _current(kind: str, now: datetime) -> Iterator[Edition]:
    """The newest open edition that is due, and those still to come; none that a newer published one has overtaken."""
    newest = Edition.objects.newest(kind)
    editions = Edition.objects.filter(kind=kind, state=EditionState.OPEN).order_by("-date")
    for edition in editions.filter(date__gt=newest.date) if newest else editions:
        yield edition
        if edition.publish_at <= now:
            return


def _claim_rebuild(edition: Edition, now: datetime) -> bool:
    """Whether this worker is the one to rebuild the edition now."""
    stale = Q(built_at__isnull=True) | Q(built_at__lte=now - REBUILD_EVERY)
    return bool(Edition.objects.filter(stale, pk=edition.pk, state=EditionState.OPEN).update(built_at=now))


def _build(edition: Edition, now: datetime) -> Edition | None:
    try:
        return build(edition.kind, edition.date, now)
    except EditionClosed:
        return None  # published since


def _publish(edition: Edition, now: datetime) -> Edition | None:
    try:
        return publish(edition, now)
    except EditionError as error:
        log.warning("Not published: %s", error)
        return None
