"""A score is the sum of its printed parts, and the order is computed from that very number."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import order, table

SHARES = st.floats(0, 1)
PAPERS = st.lists(
    st.tuples(st.lists(SHARES, min_size=3, max_size=3), SHARES, st.booleans(), st.floats(-2, 2)), min_size=1, max_size=6
)
FOLLOWED = st.lists(st.booleans(), min_size=3, max_size=3)
SLUGS = ("a", "b", "c")


@given(papers=PAPERS, followed=FOLLOWED)
def test_printed_parts_add_up_to_the_number_the_order_comes_from(papers: list, followed: list[bool]) -> None:
    points = table(SLUGS, *zip(*papers, strict=True))
    scores = points.scores(np.array([followed, followed]), np.array([False, True]))
    for paper in range(len(papers)):
        columns = [column for column, follows in enumerate(followed) if follows]
        for row, topics in enumerate([columns, None]):
            score, parts = points.explained(paper, topics)
            assert abs(score - sum(value for _, value in parts)) < 1e-9
            assert round(score * 10_000) == scores[row, paper]
            printed = sum(int(f"{value:.4f}".replace(".", "")) for _, value in parts)
            assert printed == int(f"{score:.4f}".replace(".", ""))


def test_a_score_weighs_topics_trend_and_the_editor() -> None:
    points = table(["a", "b"], [[0.5, 0.2]], [0.5], [True], [0.02])
    assert points.explained(0, [0, 1]) == (
        1.57,
        (("editor", 1.02), ("topic:a", 0.25), ("trend", 0.2), ("topic:b", 0.1)),
    )


def test_to_who_follows_no_topic_the_foremost_topic_counts_a_little_and_trends_decide() -> None:
    points = table(["a", "b"], [[0.5, 0.25], [0.25, 0.5], [0, 0]], [0, 0, 0.2], [False] * 3, [0, 0, 0])
    first, second, trending = points.general_scores().tolist()
    assert first == second < trending
    assert points.explained(0) == (0.025, (("topic:a", 0.025),))


def test_equal_scores_go_by_the_higher_id() -> None:
    assert order([1, 2, 1, 2], [10, 11, 12, 13]).tolist() == [3, 1, 2, 0]


def test_a_pool_without_topics_has_scores() -> None:
    points = table([], [[], []], [0.5, 1.0], [False, False], [0, 0])
    assert points.general_scores().tolist() == [2000, 4000]
    assert points.scores(np.zeros((1, 0), dtype=bool), np.array([False])).tolist() == [[2000, 4000]]
