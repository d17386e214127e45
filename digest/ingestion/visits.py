"""A source in, its `SourceRun` out: claim, fetch, parse, ingest, and close the run whatever happens."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from digest.errors import Interrupted, NoTurn, SourceError
from digest.ingestion import account, faults, outcomes, paging, stars
from digest.ingestion.fetching import get
from digest.ingestion.paging import Contents
from digest.ingestion.refusals import Refusals
from digest.models import Fault, Outcome, Source, SourceRun
from digest.papers import IngestCounts, ingest
from digest.sources import ADAPTERS, ParsedFeed, text
from digest.sources.fetch import Reply, Validators

logger = logging.getLogger(__name__)
# What a source can be, under the name it has for people.
LABELS = {**{kind: adapter.label for kind, adapter in ADAPTERS.items()}, stars.KIND: stars.LABEL}
LEASE = timedelta(minutes=15)  # above the tasks' hard time limit: a visit that is still running is not due again


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of it, before it is written down. One that is made `again_at` some moment taught nothing of the source;
    one that was `never_begun` leaves no account."""

    outcome: Outcome
    message: str = ""
    status: int | None = None
    received_bytes: int = 0
    counts: IngestCounts = field(default_factory=IngestCounts)
    listed: int = 0
    fault: Fault | None = None
    permanent: bool = False
    retry_after: int | None = None
    again_at: datetime | None = None
    never_begun: bool = False


def refresh_if_due(source_id: int, now: datetime) -> SourceRun | None:
    """Visit the source if it is due and nobody else took it: the claim is one conditional UPDATE."""
    claimed = Source.objects.due(now).filter(pk=source_id).update(next_check_at=now + LEASE)
    return visit(Source.objects.get(pk=source_id), now) if claimed else None


def refresh(source: Source, now: datetime) -> SourceRun:
    """Visit the source now, due or not."""
    Source.objects.filter(pk=source.pk).update(next_check_at=now + LEASE)
    source.refresh_from_db()
    return visit(source, now)


def visit(source: Source, now: datetime) -> SourceRun:
    """One visit and its account. Errors of the source and of ours end in the account; only interruptions rise, and
    NoTurn: then there was no visit, and it is made when its turn has come."""
    close_abandoned(source, now)
    run = SourceRun.objects.create(source=source, source_name=source.name, started_at=now)
    started = time.monotonic()
    result = Visit(Outcome.FAILED, "interrupted", fault=Fault.ENDED, again_at=now)
    try:
        result = look(source, now)
    except Interrupted as error:
        result = replace(result, message=f"interrupted: {error}")
    except NoTurn as error:
        result = Visit(Outcome.FAILED, again_at=error.until or now, never_begun=True)
        raise
    except SourceError as error:
        result = Visit(
            Outcome.FAILED,
            str(error),
            fault=faults.of(error),
            status=error.status,
            permanent=error.permanent,
            retry_after=error.retry_after,
        )
    except Exception as error:
        logger.exception("visiting %s failed", source.name)
        result = Visit(Outcome.FAILED, f"unexpected {type(error).__name__}: {error}"[:1000], fault=Fault.OURS)
    finally:
        close(run, source, result, now, seconds=time.monotonic() - started)
    return run


def look(source: Source, now: datetime) -> Visit:
    if source.kind == stars.KIND:
        return count_stars(source, now)
    adapter = ADAPTERS.get(source.kind)
    if adapter is None:
        raise SourceError(f"no adapter of kind {source.kind!r}; there are: {', '.join(LABELS)}", permanent=True)
    validators = Validators(source.etag, source.last_modified) if source.fetched_url == source.url else Validators()
    reply = get(source.url, validators)
    if reply.is_unmodified:
        outcome, message = outcomes.without_news(source, now, "not modified")
        return Visit(outcome, message, status=304)
    return keep(source, paging.read(adapter, reply, source.url, now), reply, now)


def count_stars(source: Source, now: datetime) -> Visit:
    account = stars.refresh(source.url, now)
    outcome = Outcome.FRESH if account.counts.updated else Outcome.QUIET
    return Visit(outcome, "\n".join(account.notes), counts=account.counts, retry_after=account.retry_after)


def keep(source: Source, contents: Contents, reply: Reply, now: datetime) -> Visit:
    """Ingest all or nothing, then remember what the next visit needs. A reply in doubt is not remembered, nor one of a
    list whose rest is to be asked for again: the next visit would be told that nothing has changed."""
    feed = contents.feed
    refuse_deleted(source)
    try:
        with transaction.atomic():
            before = account.listed(source, now)
            counts = ingest(feed.papers, source=source, now=now)
            # Fewer where this reply told that two papers of an earlier visit at this very moment are one.
            listed = max(0, account.listed(source, now) - before)
    except IntegrityError as error:
        refuse_deleted(source, error)
        raise
    counts += IngestCounts(refused=len(feed.refused))
    outcome, message = outcomes.judge(source, feed, counts, listed, now)
    in_doubt = outcome == Outcome.FAILED or (outcome == Outcome.STALE and outcomes.repeats(source, feed))
    if not in_doubt and not contents.is_partial:
        remember(source, feed, reply)
    return Visit(
        outcome,
        outcomes.told(Refusals(feed.refused), "\n".join(filter(None, (message, contents.note)))),
        status=reply.status,
        received_bytes=contents.size,
        counts=counts,
        listed=listed,
        fault=Fault.NO_PAPER if outcome == Outcome.FAILED else None,
    )


def remember(source: Source, feed: ParsedFeed, reply: Reply) -> None:
    """An empty announcement does not replace the last one: the batch after the weekend is compared with Friday's."""
    source.fetched_url = source.url
    source.etag, source.last_modified = reply.validators.etag, reply.validators.last_modified
    if feed.papers:
        source.content_hash, source.claim = outcomes.fingerprint(feed), feed.claim[:200]


def close(run: SourceRun, source: Source, result: Visit, now: datetime, *, seconds: float) -> None:
    """Write down the account and the next visit, together; where an editor asked for one meanwhile, that stands."""
    run.finished_at = now + timedelta(seconds=seconds)
    run.outcome, run.message, run.http_status = result.outcome, text.visible(result.message), result.status
    run.received_bytes, run.received = result.received_bytes, result.counts.received
    run.new, run.known = result.counts.new, result.counts.known
    run.updated, run.refused = result.counts.updated, result.counts.refused
    run.listed, run.fault = result.listed, result.fault or ""
    with transaction.atomic():
        remains = is_there(source, held=True)
        if not remains:
            run.source = None
        if result.never_begun:
            run.delete()
        else:
            run.save()
        if remains:
            settle(source, result, now)


def refuse_deleted(source: Source, error: Exception | None = None) -> None:
    if not is_there(source):
        raise SourceError("the source was deleted during its visit", permanent=True) from error


def is_there(source: Source, *, held: bool = False) -> bool:
    """Whether nobody deleted it meanwhile; `held`, nobody can until the transaction ends."""
    there = Source.objects.select_for_update(no_key=True) if held else Source.objects.all()
    return there.filter(pk=source.pk).values_list("pk").first() is not None


def settle(source: Source, result: Visit, now: datetime) -> None:
    """What the visit says of its source; one that taught nothing leaves it as it was, and due."""
    next_check = result.again_at
    if next_check is None:
        failed = result.outcome == Outcome.FAILED
        source.failures = source.failures + 1 if failed else 0
        source.checked_at = now
        next_check = outcomes.next_check(source, now, permanent=result.permanent, retry_after=result.retry_after)
        remembered = [] if failed else ["fetched_url", "etag", "last_modified", "content_hash", "claim"]
        source.save(update_fields=["failures", "checked_at", *remembered])
    Source.objects.filter(pk=source.pk, next_check_at=now + LEASE).update(next_check_at=next_check)


def close_abandoned(source: Source, now: datetime) -> None:
    """A run whose worker was killed ends as failed when the next one begins."""
    SourceRun.objects.filter(source=source, outcome="", started_at__lt=now - LEASE).update(
        outcome=Outcome.FAILED, fault=Fault.ENDED, finished_at=now, message="abandoned: the worker did not come back"
    )
