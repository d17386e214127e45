"""Papers that came through another source first: said in the run's account, and a source that lists them is fresh."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.ingestion import account, refresh
from digest.models import Outcome
from tests.factories import NOW, SourceFactory
from tests.sources.test_adapters import atom, atom_entry

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_category_whose_papers_all_came_through_another_says_so(loopback):
    loopback.serve("/lg", atom(*(atom_entry(f"2606.0000{number}v1") for number in range(1, 5))))
    loopback.serve("/cl", atom(*(atom_entry(f"2606.0000{number}v1") for number in range(1, 4))))
    first, second = (
        SourceFactory(name=f"Category {name}", url=f"{loopback.url}/{name.lower()}") for name in ("LG", "CL")
    )
    refresh(first, NOW)
    run = refresh(second, NOW + HOUR)
    assert (run.outcome, run.new, run.known, run.listed) == (Outcome.FRESH, 0, 3, 3)
    assert run.message == "all 3 came through Category LG first"
    again = refresh(second, NOW + 2 * HOUR)
    assert (again.outcome, again.listed) == (Outcome.QUIET, 0)


def test_one_paper_of_its_own_is_worth_no_such_words(loopback):
    loopback.serve("/lg", atom(atom_entry("2606.00001v1")))
    loopback.serve("/cl", atom(atom_entry("2606.00001v1"), atom_entry("2606.00002v1")))
    refresh(SourceFactory(url=f"{loopback.url}/lg"), NOW)
    run = refresh(SourceFactory(url=f"{loopback.url}/cl"), NOW + HOUR)
    assert (run.new, run.listed, run.message) == (1, 2, "")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], ""),
        ([("A", 1)], "the only one came through A first"),
        ([("A", 1_200)], "all 1,200 came through A first"),
        ([("A", 1), ("B", 3)], "all 4 came first through others: 3 through B, 1 through A"),
        (
            [("A", 1), ("B", 2), ("C", 3), ("D", 4)],
            "all 10 came first through others: 4 through D, 3 through C, 2 through B, 1 more",
        ),
    ],
)
def test_the_words_name_who_was_first(counts, expected):
    assert account.through_others(counts) == expected
