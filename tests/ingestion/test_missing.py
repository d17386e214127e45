"""One honest line for readers: which sources that usually bring something were missing, pinned with the edition."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest import editions
from digest.errors import EditionClosed
from digest.ingestion import missing
from digest.models import Edition, EditionKind, Fault, Outcome, Source
from digest.rendering.rows import edition_facts
from tests.factories import NOW, PaperFactory, SourceFactory, SourceRunFactory

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _only_ours():
    Source.objects.all().delete()


def source(name: str = "arXiv cs.LG", **facts: object) -> Source:
    """One that brought something ten days ago."""
    row: Source = SourceFactory(name=name, **facts)
    SourceRunFactory(source=row, started_at=NOW - 10 * DAY)
    return row


def ran(row: Source, outcome: Outcome, ago: timedelta, fault: str = "", **facts: object) -> None:
    counts = {"received": 0, "new": 0, "known": 0} if outcome != Outcome.FRESH else {}
    SourceRunFactory(source=row, outcome=outcome, started_at=NOW - ago, fault=fault, **{**counts, **facts})


def failing(name: str = "arXiv cs.LG", ago: timedelta = DAY, fault: str = Fault.TIMEOUT, **facts: object) -> Source:
    row = source(name, **facts)
    ran(row, Outcome.QUIET, ago + HOUR)
    ran(row, Outcome.FAILED, ago, fault)
    ran(row, Outcome.FAILED, ago / 2, fault)
    return row


def test_a_source_that_fails_is_missing_since_its_first_failure():
    failing()
    assert missing.line(NOW) == "arXiv cs.LG could not be reached since Monday; its papers will follow."


@pytest.mark.parametrize(
    ("ago", "fault", "said"),
    [
        (HOUR, Fault.SERVER, "could not be reached when this edition was made"),
        (6 * DAY, Fault.DNS, "could not be reached since Wednesday"),
        (7 * DAY, Fault.DNS, "could not be reached since 7 July"),
        (DAY, Fault.HTML, "could not be read since Monday"),
    ],
)
def test_the_line_says_since_when_and_what_is_wrong(ago, fault, said):
    failing(ago=ago, fault=fault)
    assert missing.line(NOW) == f"arXiv cs.LG {said}; its papers will follow."


def test_several_are_told_together():
    for name in ("A", "B", "C", "D", "E", "F"):
        failing(name)
    row = source("Hugging Face")
    ran(row, Outcome.FRESH, 3 * DAY)
    ran(row, Outcome.STALE, DAY)
    assert missing.line(NOW) == (
        "A, B, C, D and 2 other sources could not be reached since Monday; "
        "Hugging Face sent nothing new since Saturday; their papers will follow."
    )


def test_nothing_is_said_of_sources_that_nobody_misses():
    failing("disabled", is_enabled=False)
    never = SourceFactory(name="never brought anything")
    ran(never, Outcome.FAILED, DAY, Fault.DNS)
    recovered = failing("recovered")
    ran(recovered, Outcome.QUIET, HOUR)
    ended = source("our own worker ended")
    ran(ended, Outcome.QUIET, DAY)
    ran(ended, Outcome.FAILED, HOUR, Fault.ENDED)
    stale = source("brought something today")
    ran(stale, Outcome.FRESH, 2 * HOUR)
    ran(stale, Outcome.STALE, HOUR)
    long_gone = SourceFactory(name="long gone")
    SourceRunFactory(source=long_gone, started_at=NOW - 50 * DAY)
    ran(long_gone, Outcome.FAILED, 40 * DAY, Fault.GONE)
    assert missing.line(NOW) == ""


def test_what_happens_later_does_not_count():
    row = failing()
    SourceRunFactory(source=row, started_at=NOW + HOUR)
    assert missing.line(NOW).startswith("arXiv cs.LG")
    assert missing.line(NOW + 2 * HOUR) == ""


def test_the_number_of_queries_does_not_grow_with_the_sources():
    counts = []
    for number in (1, 12):
        for each in range(number):
            failing(f"S{number} {each}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            missing.line(NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_the_line_is_pinned_with_the_edition_and_stays_when_the_source_recovers():
    row = failing()
    PaperFactory(first_seen_at=NOW - HOUR)
    edition = editions.build(EditionKind.DAILY, NOW.date(), NOW)
    assert edition.missing.startswith("arXiv cs.LG could not be reached")
    editions.publish(edition, NOW)
    ran(row, Outcome.FRESH, -HOUR)
    with pytest.raises(EditionClosed):
        editions.build(EditionKind.DAILY, NOW.date(), NOW + 2 * HOUR)
    stored = Edition.objects.get()
    assert edition_facts(stored).missing == edition.missing


def test_an_open_edition_forgets_what_is_mended():
    row = failing()
    PaperFactory(first_seen_at=NOW - HOUR)
    editions.build(EditionKind.DAILY, NOW.date(), NOW)
    ran(row, Outcome.FRESH, -HOUR)
    assert editions.build(EditionKind.DAILY, NOW.date(), NOW + 2 * HOUR).missing == ""
