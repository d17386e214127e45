"""How well papers answer a search: words, pairs, fields, rarity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import relevance
from digest.ranking.words import STOP_WORDS, compared, words


def ranked(query: str, *papers: tuple[str, str], **having: int) -> list[int]:
    documents = [relevance.document(title, (), abstract) for title, abstract in papers]
    scores = relevance.relevance(words(query), documents, relevance.rarity(100, having))
    return [int(place) for place in np.argsort(-scores, kind="stable")]


def test_a_title_counts_more_than_an_abstract() -> None:
    assert ranked("reward", ("Cats", "On reward."), ("Reward", "On cats.")) == [1, 0]


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    assert ranked("model zebra", ("A model", ""), ("A zebra", ""), model=90, zebra=2) == [1, 0]


def test_words_side_by_side_are_better_than_apart() -> None:
    assert ranked("world model", ("A model of the world", ""), ("A world model of it", "")) == [1, 0]


def test_all_words_are_better_than_one_in_the_title() -> None:
    assert ranked("meta learning policy", ("Learning", "learning"), ("A policy", "By meta learning")) == [1, 0]


def test_stop_words_count_only_alone() -> None:
    assert ranked("the cat", ("The the", ""), ("A cat", "")) == [1, 0]
    assert ranked("to be", ("Cats", ""), ("To be", "")) == [1, 0]


def test_authors_are_found_too() -> None:
    documents = [relevance.document("Cats", ["Ada Lovelace"], ""), relevance.document("Cats", ["Alan Kay"], "")]
    scores = relevance.relevance(["lovelace"], documents, relevance.rarity(2, {}))
    assert scores[0] > scores[1] == 0


def test_nothing_asked_and_nothing_there() -> None:
    assert relevance.relevance([], [relevance.document("A", (), "")], relevance.rarity(0, {})).tolist() == [0]
    assert relevance.relevance(["a"], [], relevance.rarity(0, {})).shape == (0,)
    assert relevance.feedback([], np.zeros(0), relevance.rarity(0, {})) == {}


def test_feedback_is_what_tells_most_of_the_best() -> None:
    documents = [relevance.document("Zebra stripes", (), "The zebra has stripes."), relevance.document("Model", (), "")]
    found = relevance.feedback(documents, np.array([1.0, 0.0]), relevance.rarity(100, {"has": 90}))
    assert list(found)[:2] == ["stripe", "zebra"]
    assert sum(found.values()) == pytest.approx(1)
    assert not STOP_WORDS & found.keys()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Schrödinger's CATS", ["schrodinger", "s", "cat"]),
        ("Schro\u0308dinger", ["schrodinger"]),
        (r"$\mathcal{O}(n^2)$ meta-learning", ["o", "n2", "meta", "learning"]),
        ("机器 learning", ["机", "器", "learning"]),
        ("ﬁne studies classes", ["fine", "study", "class"]),
        ("x_y \x00 --", ["x", "y"]),
        ("z" * 100, ["z" * 64]),
    ],
)
def test_words_are_compared_without_what_makes_no_difference(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_a_word_has_nothing_that_a_search_could_take_for_an_operator(text: str) -> None:
    assert all(word.isalnum() and compared(word) for word in words(text))
