"""What is typed into the field, as it is understood."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.search import parse
from digest.search.query import LONGEST, MOST_FILTERS, MOST_WORDS, Query


def test_words_phrases_and_what_is_not_wanted() -> None:
    query = parse('meta "Reinforcement Learning" -robots -"large models"')
    assert query.words == ["meta", "reinforcement", "learning"]
    assert query.phrases == [("reinforcement", "learning")]
    assert query.without == [("robot",), ("large", "model")]


def test_filters_stand_anywhere_and_are_no_words() -> None:
    query = parse('author:"Yann LeCun" graphs cat:cs.LG source:arXiv Author: Bengio')
    assert query.words == ["graph"]
    assert query.authors == [("yann", "lecun"), ("bengio",)]
    assert (query.categories, query.sources) == (["cs.lg"], ["arxiv"])


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("year:2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("year:2024-2025", date(2024, 1, 1), date(2025, 12, 31)),
        ("from:2026-02", date(2026, 2, 1), None),
        ("to:2026-02", None, date(2026, 2, 28)),
        ("from:2026-03-05 to:2026", date(2026, 3, 5), date(2026, 12, 31)),
        ("since:2026-2-3", date(2026, 2, 3), None),
    ],
)
def test_dates_may_be_a_year_a_month_or_a_day(text: str, since: date | None, until: date | None) -> None:
    query = parse(text)
    assert (query.since, query.until) == (since, until)
    assert not query.unread


@pytest.mark.parametrize("text", ["from:yesterday", "year:20266", "to:2026-02-31", "year:0000", "from:2026-13"])
def test_what_is_no_date_is_said_to_be_left_out(text: str) -> None:
    query = parse(f"{text} robots")
    assert query.unread == [text]
    assert (query.words, query.since, query.until) == (["robot"], None, None)


def test_a_quotation_mark_that_is_never_closed_is_none() -> None:
    query = parse('meta "reinforcement learning')
    assert query.words == ["meta", "reinforcement", "learning"]
    assert not query.phrases


def test_operators_of_databases_are_words_or_nothing() -> None:
    assert parse("NEAR(a b) {title}: x* ^y | & ! <-> '; DROP TABLE--").words == (
        ["near", "a", "b", "title", "x", "y", "drop", "table"]
    )


def test_stop_words_tell_nothing_unless_there_is_nothing_else() -> None:
    assert parse("the theory of everything").telling == ["theory", "everything"]
    assert parse("to be or not to be").telling == ["to", "be", "or", "not"]


def test_a_hyphen_within_a_word_excludes_nothing() -> None:
    query = parse("state-of-the-art meta-learning")
    assert not query.without
    assert "meta" in query.words


def test_the_work_is_bounded() -> None:
    assert len(parse(" ".join(f"word{number}" for number in range(10_000))).words) == MOST_WORDS
    assert parse("x" * LONGEST + " y").words == ["x" * 64]


@pytest.mark.parametrize("text", ["", "   ", "\x00", '""', "-", "- -", "???", "—", "()[]{}"])
def test_nothing_is_asked_by(text: str) -> None:
    assert parse(text).is_empty


def is_small(query: Query) -> None:
    """Whatever was typed: the work for it is bounded."""
    assert len(query.words) <= MOST_WORDS
    assert max(len(query.authors), len(query.categories), len(query.sources)) <= MOST_FILTERS


@given(st.text())
def test_whatever_is_typed_little_is_asked(text: str) -> None:
    is_small(parse(text * 50))


@given(st.text(alphabet='ab"-: \x00authorfmye2016', max_size=80))
def test_nor_is_more_by_what_looks_like_its_own_syntax(text: str) -> None:
    is_small(parse(text * 20))
