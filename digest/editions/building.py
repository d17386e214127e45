"""Takes a kind, a date and the papers there are; gives an edition with its pool, and publishes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from digest import learning
from digest.editions import calendar, pool, predicting, weights
from digest.editions.pool import Candidate
from digest.errors import EditionClosed, EditionError
from digest.ingestion import missing
from digest.models import Decision, Edition, EditionPaper, EditionState, ModelKind, RankingModel

# Once published, an edition of a far day would stay the newest until then, and no later one would reach anybody.
FURTHEST_AHEAD = timedelta(days=14)
# Of an entry, what building gives it; the rest is the editors'.
NUMBERS = ("trend", "prediction", "topics", "group", "authors")
TOUCHED = ~Q(decision=Decision.NONE) | ~Q(blurb="") | ~Q(shift=0.0)


@contextmanager
def curating(edition: Edition) -> Iterator[Edition]:
    """A transaction in which the edition stays open: publishing waits for its end. Else `EditionClosed`."""
    with transaction.atomic():
        locked = Edition.objects.select_for_update().filter(pk=edition.pk, state=EditionState.OPEN).first()
        if locked is None:
            raise EditionClosed(f"The {edition} is published: it no longer changes.")
        yield locked


def build(kind: str, date: date, now: datetime) -> Edition:
    """The issue that `date` belongs to, with its pool as of `now`; decisions, blurbs and shifts stay as they are.

    Papers that left the pool drop out unless an editor touched them. An issue without any paper, or of
    a day far ahead, is not created: `EditionError`. A published one does not change: `EditionClosed`.
    """
    issue = calendar.issue_date(kind, date)
    edition = Edition.objects.filter(kind=kind, date=issue).first()
    if edition and not edition.is_open:
        raise EditionClosed(f"The {edition} is published: it no longer changes.")
    touched = edition.entries.filter(TOUCHED).values_list("paper", flat=True) if edition else []
    context = learning.current(ModelKind.CONTEXT)
    candidates = pool.candidates(kind, issue, now, set(touched), context)
    if not edition and issue > now.date() + FURTHEST_AHEAD:
        raise EditionError(f"{issue} is too far ahead: editions are made {FURTHEST_AHEAD.days} days ahead at most.")
    if not edition and not candidates:
        raise EditionError(f"There is no paper for a {kind} edition of {issue}.")
    if not edition:
        edition, _ = Edition.objects.get_or_create(
            kind=kind, date=issue, defaults={"publish_at": calendar.publish_time(kind, issue), "created_at": now}
        )
    return _store(edition, candidates, context, now)


def publish(edition: Edition, now: datetime) -> Edition:
    """The edition, frozen. Of two workers one publishes; to publish again changes nothing.

    An edition from which every paper is gone or hidden cannot be published: `EditionError`.
    """
    sendable = EditionPaper.objects.filter(edition=OuterRef("pk")).exclude(decision=Decision.HIDDEN)
    Edition.objects.filter(Exists(sendable), pk=edition.pk, state=EditionState.OPEN).update(
        state=EditionState.PUBLISHED, published_at=now
    )
    edition.refresh_from_db()
    if edition.is_open:
        raise EditionError(f"The {edition} has no paper to publish.")
    return edition


def _store(edition: Edition, candidates: Sequence[Candidate], context: RankingModel | None, now: datetime) -> Edition:
    meaning = _with_vectors(edition, candidates)
    prediction, candidates = predicting.predicted(edition, candidates, now)
    with curating(edition) as edition:
        _follow_merges(edition)
        edition.entries.exclude(TOUCHED).exclude(paper__in=[each.paper_id for each in candidates]).delete()
        entries = {entry.paper_id: entry for entry in edition.entries.all()}
        fresh = [each for each in candidates if each.paper_id not in entries]
        EditionPaper.objects.bulk_create(_entry(edition, each, now) for each in fresh)
        changed = [entry for each in candidates if (entry := entries.get(each.paper_id)) and _renumbered(entry, each)]
        EditionPaper.objects.bulk_update(changed, NUMBERS, batch_size=500)
        edition.built_at, edition.missing = now, missing.line(now)
        edition.meaning, edition.prediction, edition.context = meaning, prediction, context
        edition.weights = weights.in_use()
        edition.save(update_fields=["built_at", "missing", "meaning", "prediction", "context", "weights"])
    return edition


def _with_vectors(edition: Edition, candidates: Sequence[Candidate]) -> RankingModel | None:
    """The model that the edition is to name: all its papers have their vectors by it. None where there is none."""
    model = learning.current(ModelKind.MEANING)
    if model is None:
        return None
    papers = {*(each.paper_id for each in candidates), *edition.entries.values_list("paper", flat=True)}
    return model if learning.vectors.ensured(model, papers) else edition.meaning


def _follow_merges(edition: Edition) -> None:
    """What an editor decided about a paper holds for the paper it turned out to be."""
    for entry in edition.entries.filter(TOUCHED, paper__merged_into__isnull=False).select_related("paper"):
        twin = edition.entries.filter(paper=entry.paper.merged_into_id)
        twin.exclude(TOUCHED).delete()
        if not twin.exists():
            entry.paper_id = entry.paper.merged_into_id or entry.paper_id
            entry.save(update_fields=["paper"])


def _entry(edition: Edition, candidate: Candidate, now: datetime) -> EditionPaper:
    return EditionPaper(
        edition=edition,
        paper_id=candidate.paper_id,
        trend=candidate.trend,
        prediction=candidate.prediction,
        topics=candidate.topics,
        group=candidate.group,
        authors=list(candidate.authors),
        added_at=now,
    )


def _renumbered(entry: EditionPaper, candidate: Candidate) -> bool:
    """Gives the entry the candidate's numbers; whether they differ."""
    before = [getattr(entry, name) for name in NUMBERS]
    entry.trend, entry.prediction, entry.topics = candidate.trend, candidate.prediction, candidate.topics
    entry.group, entry.authors = candidate.group, list(candidate.authors)
    return before != [getattr(entry, name) for name in NUMBERS]
