"""Takes the moment; gives the stored papers that a fit may see: our own rows, as they came in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from digest.models import Paper
from digest.ranking import PaperText, text_of
from digest.ranking.texts import COLUMNS

# The newest papers: what a fit takes of time and memory grows with them.
MOST_PAPERS = 60_000
BATCH = 1000


def papers(now: datetime) -> QuerySet[Paper]:
    """The newest papers as of `now`, the newest first; no invented ones, and each once."""
    known = Paper.objects.canonical().filter(is_sample=False, withdrawn_at__isnull=True, first_seen_at__lte=now)
    return known.order_by("-first_seen_at", "-id")[:MOST_PAPERS]


def texts(now: datetime) -> Iterator[PaperText]:
    return (text_of(paper) for paper in papers(now).only(*COLUMNS).iterator(BATCH))
