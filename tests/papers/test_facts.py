"""What sources state of a paper is kept with its day; that they say so again adds nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.models import Fact, Listing, Source
from digest.papers import ingest
from digest.papers.facts import accepted_at
from digest.sources import FetchedPaper

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PAPER = FetchedPaper(
    title="A telling title of several words",
    arxiv_id="2401.00001",
    version=3,
    comment="Accepted at ICML 2026",
    journal_reference="J. Foo 1 (2026)",
    license_url="https://creativecommons.org/licenses/by/4.0/",
    code_url="https://github.com/a/b",
    project_url="https://a.example.org",
    is_withdrawn=True,
    is_replacement=True,
    listed_on=date(2026, 6, 30),
)
KINDS = {"version", "withdrawn", "accepted", "journal", "license", "code", "project"}


@pytest.fixture
def source(db):
    return Source.objects.create(name="A feed", slug="a-feed", kind="feed", url="https://example.org/feed")


def test_each_fact_is_kept_with_its_source_and_the_day_it_was_said(source):
    ingest([PAPER], source=source, now=NOW)
    assert set(Fact.objects.values_list("kind", flat=True)) == KINDS
    assert set(Fact.objects.values_list("source", "said_on")) == {("a-feed", date(2026, 6, 30))}
    assert Fact.objects.get(kind="version").value == "3"


def test_the_same_again_adds_nothing_and_another_source_is_another_witness(source):
    for days in range(3):
        ingest([PAPER], source=source, now=NOW + timedelta(days=days))
    ingest([PAPER], source=None, now=NOW)
    assert Fact.objects.count() == 2 * len(KINDS)


def test_a_first_version_is_no_news(source):
    ingest(
        [FetchedPaper(title="A telling title of several words", arxiv_id="2401.00001", version=1)],
        source=source,
        now=NOW,
    )
    assert not Fact.objects.exists()


def test_a_replacement_is_listed_without_a_day(source):
    ingest([PAPER], source=source, now=NOW)
    assert Listing.objects.get().listed_on is None


@pytest.mark.parametrize(
    ("comment", "venue"),
    [
        ("Accepted at ICML 2026", "ICML 2026"),
        ("12 pages. Accepted for publication in the IEEE ICC 2026 Conference", "IEEE ICC 2026 Conference"),
        ("to appear in the proceedings of JELIA 2025; 18 pages", "JELIA 2025"),
        ("Accepted version. To appear in IJCNN 2025", "IJCNN 2025"),
        ("CVPR2026 Accepted", "CVPR2026"),
        ("accepted to aaai2026", "aaai2026"),
        ("Submitted to ICML 2026", ""),
        ("If accepted the code will be published", ""),
        ("10 pages", ""),
        ("", ""),
    ],
)
def test_a_comment_names_the_venue(comment, venue):
    assert accepted_at(comment) == venue
