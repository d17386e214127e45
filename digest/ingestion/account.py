"""What a source listed in, who was first with it out: a paper that several sources list is new through one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery

from digest.models import Listing, Source

NAMES_SHOWN = 3


def listed(source: Source, now: datetime) -> int:
    """How many papers it listed for the first time at this very moment."""
    return Listing.objects.filter(source=source, first_seen_at=now).count()


def with_first(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Each with `first`, the id of the source that listed its paper before all others."""
    earliest = Listing.objects.filter(paper=OuterRef("paper")).order_by("first_seen_at", "id")
    return listings.annotate(first=Subquery(earliest.values("source")[:1]))


def came_through(source: Source, now: datetime) -> str:
    """In words, for papers that the source lists now and others listed before. One query."""
    rows = with_first(Listing.objects.filter(source=source, first_seen_at=now)).order_by()
    names = Source.objects.filter(pk=OuterRef("first")).values("name")[:1]
    counts = rows.annotate(name=Subquery(names)).values_list("name").annotate(papers=Count("pk"))
    return through_others([(name, papers) for name, papers in counts if name and name != source.name])


def through_others(counts: Sequence[tuple[str, int]]) -> str:
    """`all 40 came through arXiv cs.LG first`, from how many came through each other source."""
    if not counts:
        return ""
    *most, last = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    total = sum(papers for _, papers in counts)
    everything = f"all {total:,}" if total > 1 else "the only one"
    if not most:
        return f"{everything} came through {last[0]} first"
    shown = [f"{papers:,} through {name}" for name, papers in [*most, last][:NAMES_SHOWN]]
    hidden = total - sum(papers for _, papers in [*most, last][:NAMES_SHOWN])
    return f"{everything} came first through others: {', '.join([*shown, *([f'{hidden:,} more'] if hidden else [])])}"
