"""Takes the moment; gives the stored papers that a fit may see: our own rows, as they came in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from digest.models import Listing as Listed
from digest.models import Paper
from digest.ranking import PaperText, text_of
from digest.ranking.record import SETTLED, Example, Listing
from digest.ranking.texts import COLUMNS

# The newest papers: what a fit takes of time and memory grows with them.
MOST_PAPERS = 60_000
BATCH = 1000
# Adapters of lists that a community makes by hand: to stand on one is what is predicted.
COMMUNITIES = ("huggingface_daily",)
# Listed later, a paper was listed for another reason than that it is new.
NEWS = timedelta(days=30)


def papers(now: datetime) -> QuerySet[Paper]:
    """The newest papers as of `now`, the newest first, each once; invented ones only where there are no others."""
    return (known(now) if has(1, now) else _known(now)).order_by("-first_seen_at", "-id")[:MOST_PAPERS]


def known(now: datetime) -> QuerySet[Paper]:
    return _known(now).filter(is_sample=False)


def _known(now: datetime) -> QuerySet[Paper]:
    return Paper.objects.canonical().filter(withdrawn_at__isnull=True, first_seen_at__lte=now)


def has(count: int, now: datetime) -> bool:
    """Whether there are so many."""
    return count <= MOST_PAPERS and known(now).order_by("pk")[count - 1 : count].exists()


def texts(now: datetime) -> Iterator[PaperText]:
    return (text_of(paper) for paper in papers(now).only(*COLUMNS).iterator(BATCH))


def has_listed(count: int, now: datetime) -> bool:
    """Whether a community listed so many."""
    return _listed(now)[count - 1 : count].exists()


def examples(now: datetime) -> tuple[list[Example], list[Listing]]:
    """Papers that have categories (others came through the community's list alone), oldest first, with whether they
    were listed; and all that was. The papers of the last week may still be listed, and are no examples.
    """
    days = _days_listed(now)
    rows = list(papers(now).only(*COLUMNS, "published_at", "first_seen_at").iterator(BATCH))
    texts = {paper.pk: text_of(paper) for paper in rows}
    until = (now - SETTLED).date()
    found = [
        Example(texts[paper.pk], day, (listed := days.get(paper.pk)) is not None and listed - day <= NEWS)
        for paper in rows
        if paper.categories and (day := first_day(paper)) <= until
    ]
    found.sort(key=lambda example: example.day)
    return found, [Listing(texts[pk], day) for pk, day in days.items() if pk in texts]


def first_day(paper: Paper) -> date:
    return (paper.published_at or paper.first_seen_at).date()


def listed(papers: Collection[int], now: datetime) -> set[int]:
    """Those of these papers that stand on a community's list."""
    return set(_listed(now).filter(paper__in=papers).values_list("paper", flat=True))


def _listed(now: datetime) -> QuerySet[Listed]:
    return Listed.objects.filter(source__kind__in=COMMUNITIES, first_seen_at__lte=now).order_by()


def _days_listed(now: datetime) -> dict[int, date]:
    rows = _listed(now).values_list("paper", "listed_on", "first_seen_at")
    return {paper: listed_on or first_seen.date() for paper, listed_on, first_seen in rows}
