"""However many entries are refused, the account tells the reasons with one example each, and keeps no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.ingestion import import_file
from digest.ingestion.refusals import MOST_REASONS, Refusals
from digest.models import Listing, Outcome
from digest.sources import Refusal
from tests.factories import NOW, SourceFactory

PAPER = '[{"title": "One telling title of many"}]'


def test_the_most_frequent_reasons_come_first_each_with_its_first_example():
    refused = Refusals([Refusal("no link", "a"), Refusal("no title", "b"), Refusal("no title", "c")])
    assert len(refused) == 3
    assert refused.lines() == ["refused 2: no title (b)", "refused 1: no link (a)"]


def test_what_is_kept_is_bounded_and_all_are_counted():
    refused = Refusals(Refusal(f"broken JSON: char {number}", f"line {number}") for number in range(MOST_REASONS * 3))
    assert len(refused) == MOST_REASONS * 3
    assert len(refused.examples) == MOST_REASONS + 1
    assert refused.lines()[0] == f"refused {MOST_REASONS * 2}: other reasons (line {MOST_REASONS})"


@pytest.mark.django_db
def test_a_file_of_which_every_line_is_refused_is_told_by_its_reasons(tmp_path):
    path = tmp_path / "papers.jsonl"
    path.write_text('{"abstract": "no title"}\n' * 1500 + "{broken\n")
    run = import_file(path, NOW)
    assert (run.outcome, run.refused) == (Outcome.FAILED, 1501)
    assert run.message.startswith("none of 1501 records is a paper\nrefused 1500: no title (")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "outcome"), [('[{"title": "One telling title of many"}]', "fresh"), ("{", "failed")]
)
def test_an_import_for_a_source_is_no_visit_of_it(tmp_path, content, outcome):
    path, source = tmp_path / "papers.json", SourceFactory(name="cs.LG", next_check_at=NOW + timedelta(hours=1))
    path.write_text(content)
    run = import_file(path, NOW, source=source)
    assert (run.outcome, run.source, run.source_name) == (outcome, None, "papers.json")
    assert "imported from a file; its papers count as listed by cs.LG" in run.message
    assert Listing.objects.filter(source=source).exists() == (outcome == "fresh")
    before = source.next_check_at
    source.refresh_from_db()
    assert (source.next_check_at, source.failures, source.runs.count()) == (before, 0, 0)
