"""The moment in, what there is to know of every source out: its last runs, its week, its trouble. Eleven queries at
most, and one more for each edition of the week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.safestring import SafeString

from digest.admin.run_chart import RUNS_SHOWN, Chart, chart, outcome_chip
from digest.delivery import sent as delivered
from digest.ingestion import account, faults
from digest.ingestion.troubles import Trouble, troubles
from digest.ingestion.visits import LABELS
from digest.models import BackfilledDay, Decision, EditionPaper, Listing, Source, SourceRun

WEEK = timedelta(days=7)
PICKED = Q(decision=Decision.PINNED) | ~Q(blurb="")


class Week(NamedTuple):
    """What a source brought in seven days. Of the papers that it `listed` and had not listed before, so many are in
    `editions`, were `picked` by an editor, and `sent` in digests (at least, if `is_cut`); `elsewhere` says through
    whom, if all came through others first."""

    new: int = 0
    updated: int = 0
    listed: int = 0
    editions: int = 0
    picked: int = 0
    sent: int = 0
    is_cut: bool = False
    elsewhere: str = ""


class Facts(NamedTuple):
    """One source as the desk shows it. `remedy` and `message` are about its trouble, if it is in any."""

    source: Source
    label: str
    chip: SafeString
    newest: SourceRun | None
    chart: Chart
    week: Week
    trouble: Trouble | None
    remedy: str
    message: str
    past: str


def facts(now: datetime, sources: Sequence[Source] | None = None) -> list[Facts]:
    """Of all sources, those in trouble first, disabled ones last. No more queries, however many there are."""
    shown = list(Source.objects.all()) if sources is None else list(sources)
    ids = [source.pk for source in shown]
    runs, weeks, pasts = last_runs(ids), this_week(shown, now), backfilled(ids)
    found = {trouble.source.pk: trouble for trouble in troubles(now, Source.objects.filter(pk__in=ids))}
    rows = [
        _facts(source, runs[source.pk], weeks[source.pk], found.get(source.pk), pasts.get(source.pk, ""))
        for source in shown
    ]
    return sorted(rows, key=lambda row: (not row.source.is_enabled, row.trouble is None, row.source.name))


def last_runs(source_ids: Iterable[int]) -> defaultdict[int, list[SourceRun]]:
    """The newest of each, oldest first. One query."""
    newest_first = Window(RowNumber(), partition_by=F("source"), order_by=[F("started_at").desc(), F("id").desc()])
    ranked = SourceRun.objects.filter(source__in=list(source_ids)).annotate(place=newest_first)
    runs: defaultdict[int, list[SourceRun]] = defaultdict(list)
    for run in ranked.filter(place__lte=RUNS_SHOWN).order_by("started_at", "id"):
        runs[run.source_id or 0].append(run)
    return runs


def this_week(sources: Sequence[Source], now: datetime) -> defaultdict[int, Week]:
    """What the runs counted, and what became of the papers."""
    ids, since, sent = [source.pk for source in sources], now - WEEK, delivered.papers(now - WEEK, now)
    runs = SourceRun.objects.filter(source__in=ids, started_at__gt=since).order_by()
    counts = {
        row["source"]: row for row in runs.values("source").annotate(new_papers=Sum("new"), updates=Sum("updated"))
    }
    names, fates = {source.pk: source.name for source in sources}, _fates(ids, sent.papers, since, now)
    weeks: defaultdict[int, Week] = defaultdict(Week)
    for pk in ids:
        mine, row = fates[pk], dict[str, Any](counts.get(pk, {}))
        others = [(names.get(fate["first"], "another source"), fate["papers"]) for fate in mine if fate["first"] != pk]
        listed = sum(fate["papers"] for fate in mine)
        is_elsewhere = listed > 0 and sum(papers for _, papers in others) == listed
        weeks[pk] = Week(
            new=row.get("new_papers") or 0,
            updated=row.get("updates") or 0,
            listed=listed,
            editions=sum(fate["in_editions"] for fate in mine),
            picked=sum(fate["picks"] for fate in mine),
            sent=sum(fate["sendings"] for fate in mine),
            is_cut=sent.is_cut,
            elsewhere=account.through_others(others) if is_elsewhere else "",
        )
    return weeks


def _fates(ids: Sequence[int], sent: Collection[int], since: datetime, now: datetime) -> defaultdict[int, list[Any]]:
    """Of the week's papers: by source, and by which source was first with them, what became of how many."""
    entries = EditionPaper.objects.filter(paper=OuterRef("paper"))
    listings = Listing.objects.filter(source__in=ids, first_seen_at__gt=since, first_seen_at__lte=now)
    rows = (
        account.with_first(listings)
        .annotate(is_in_edition=Exists(entries), is_picked=Exists(entries.filter(PICKED)))
        .order_by()
        .values("source", "first")
        .annotate(
            papers=Count("pk"),
            in_editions=Count("pk", filter=Q(is_in_edition=True)),
            picks=Count("pk", filter=Q(is_picked=True)),
            sendings=Count("pk", filter=Q(paper__in=sent)),
        )
    )
    fates: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        fates[row["source"]].append(row)
    return fates


def backfilled(source_ids: Sequence[int]) -> dict[int, str]:
    """In words, how far each source's past was filled. One query."""
    days = BackfilledDay.objects.filter(source__in=source_ids).order_by().values("source")
    return {
        row["source"]: f"{row['first']:%-d %B %Y} to {row['last']:%-d %B %Y}, {row['count']:,} days, "
        f"{row['papers']:,} new papers"
        for row in days.annotate(first=Min("day"), last=Max("day"), count=Count("pk"), papers=Sum("new"))
    }


def _facts(source: Source, runs: Sequence[SourceRun], week: Week, trouble: Trouble | None, past: str) -> Facts:
    newest = runs[-1] if runs else None
    return Facts(
        source=source,
        label=LABELS.get(source.kind, source.kind),
        chip=outcome_chip(newest.outcome if newest else None, visited=newest is not None),
        newest=newest,
        chart=chart(runs),
        week=week,
        trouble=trouble,
        remedy=faults.remedy(trouble.last.fault) if trouble else "",
        message=trouble.last.message if trouble else "",
        past=past,
    )
