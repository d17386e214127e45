"""A score is the sum of its printed parts, and the order is computed from that very number."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.ranking import EVERYBODY, Interests, Profile, Table, order, table
from digest.ranking.parts import AuthorPart, ProfilePart
from digest.ranking.score import as_points
from digest.ranking.side import Side
from digest.ranking.vectors import as_bytes

SLUGS = ("a", "b", "c")
AUTHORS = ("ada", "bo", "cy")
SHARES = st.floats(0, 1)
VECTORS = st.lists(st.floats(-1, 1), min_size=4, max_size=4)
PAPERS = st.lists(
    st.tuples(
        st.lists(SHARES, min_size=3, max_size=3),
        SHARES,
        st.booleans(),
        st.floats(-2, 2),
        VECTORS,
        st.frozensets(st.sampled_from(AUTHORS)),
    ),
    min_size=1,
    max_size=6,
)
READERS = st.lists(
    st.builds(
        lambda topics, vectors, authors: Interests(
            tuple(sorted(topics)),
            10,
            frozenset(),
            tuple(Profile(str(number), as_bytes(vector).tobytes()) for number, vector in enumerate(vectors)),
            tuple(authors),
        ),
        st.frozensets(st.sampled_from([*SLUGS, "unknown"])),
        st.lists(VECTORS, max_size=3),
        st.lists(st.tuples(st.sampled_from(AUTHORS), st.integers(1, 4000)), max_size=2, unique_by=lambda each: each[0]),
    ),
    min_size=1,
    max_size=4,
)


def of(papers: list) -> Table:
    *columns, vectors, authors = zip(*papers, strict=True)
    own = [ProfilePart(Side(as_bytes(vectors)), 0.5, floor=0.1, enough=0.3), AuthorPart.of(authors)]
    return table(SLUGS, *columns, own)


@given(papers=PAPERS, readers=READERS)
@settings(max_examples=60)
def test_printed_parts_add_up_to_the_number_the_order_comes_from(papers: list, readers: list[Interests]) -> None:
    points = of(papers)
    scores = points.meet(readers).scored.points
    for row, reader in enumerate(readers):
        for paper in range(len(papers)):
            score, parts = points.explained(paper, reader)
            assert [value for _, value in parts] == sorted((value for _, value in parts), reverse=True)
            assert all(value for _, value in parts)
            assert abs(score - sum(value for _, value in parts)) < 1e-9
            assert round(score * 10_000) == scores[row, paper]
            printed = sum(int(f"{value:.4f}".replace(".", "")) for _, value in parts)
            assert printed == int(f"{score:.4f}".replace(".", ""))


@given(papers=PAPERS, readers=READERS)
@settings(max_examples=40)
def test_a_reader_s_scores_are_the_same_alone_and_among_others(papers: list, readers: list[Interests]) -> None:
    points = of(papers)
    together = points.meet(readers).scored
    for row, reader in enumerate(readers):
        alone = points.meet([reader]).scored
        assert alone.points[0].tolist() == together.points[row].tolist()
        assert alone.fits[0].tolist() == together.fits[row].tolist()


@given(papers=PAPERS, readers=READERS)
@settings(max_examples=20)
def test_papers_in_another_order_have_the_same_scores(papers: list, readers: list[Interests]) -> None:
    points, backwards = of(papers), np.arange(len(papers))[::-1]
    turned = points.take(backwards)
    assert turned.meet(readers).scored.points.tolist() == points.meet(readers).scored.points[:, ::-1].tolist()
    assert turned.explained(0, readers[0]) == points.explained(len(papers) - 1, readers[0])


def test_a_score_weighs_topics_trend_and_the_editor() -> None:
    points = table(["a", "b"], [[0.5, 0.2]], [0.5], [True], [0.02])
    assert points.explained(0, Interests(("a", "b"))) == (
        1.57,
        (("editor", 1.02), ("topic:a", 0.25), ("trend", 0.2), ("topic:b", 0.1)),
    )


def test_to_who_follows_no_topic_the_foremost_topic_counts_a_little_and_trends_decide() -> None:
    points = table(["a", "b"], [[0.5, 0.25], [0.25, 0.5], [0, 0]], [0, 0, 0.2], [False] * 3, [0, 0, 0])
    first, second, trending = points.general_scores().tolist()
    assert first == second < trending
    assert points.explained(0) == (0.025, (("topic:a", 0.025),))


def test_of_several_interests_the_nearest_is_the_reason() -> None:
    part = ProfilePart(Side(as_bytes([[1, 0], [0, 1], [-1, 0]])), 0.5, floor=0.0, enough=0.5)
    points = table([], np.zeros((3, 0)), np.zeros(3), np.zeros(3), np.zeros(3), [part])
    near, far = (Profile(name, as_bytes(vector).tobytes()) for name, vector in (("x", [3, 0]), ("y", [1, 5])))
    reader = Interests((), 10, frozenset(), (near, far))
    assert [points.explained(paper, reader)[1] for paper in range(3)] == [
        (("interest:x", 0.5),),
        (("interest:y", pytest.approx(0.49, abs=0.01)),),
        (),
    ]
    assert points.meet([reader]).scored.fits.tolist() == [[True, True, False]]


def test_a_reader_with_interests_of_their_own_is_not_shown_what_is_general() -> None:
    part = AuthorPart.of([frozenset(), frozenset({"ada"})])
    points = table(["a"], [[1.0], [0.0]], [0, 0], [False] * 2, [0, 0], [part])
    reader = replace_authors("ada", 3000)
    assert points.explained(1, reader) == (0.3, (("author:ada", 0.3),))
    assert points.explained(0, reader) == (0, ())
    assert points.explained(0, EVERYBODY)[0] > 0


def replace_authors(name: str, points: int) -> Interests:
    return EVERYBODY._replace(authors=((name, points),))


def test_equal_scores_go_by_the_higher_id() -> None:
    assert order([1, 2, 1, 2], [10, 11, 12, 13]).tolist() == [3, 1, 2, 0]


def test_a_pool_without_topics_has_scores() -> None:
    points = table([], [[], []], [0.5, 1.0], [False, False], [0, 0])
    assert points.general_scores().tolist() == [2000, 4000]
    assert points.meet([EVERYBODY]).scored.points.tolist() == [[2000, 4000]]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf"), 1e300])
def test_what_is_no_number_or_beyond_all_measure_breaks_no_order(odd: float) -> None:
    points = table([], [[], []], [0.5, 0.5], [False, False], [odd, 0])
    scores = points.general_scores().tolist()
    assert scores[1] == 2000
    assert abs(scores[0]) <= 10**8 + 2000
    assert as_points([odd]).dtype == np.int32


def test_a_vector_without_length_or_number_is_nothing() -> None:
    assert not as_bytes([[0, 0], [float("nan"), float("inf")]]).any()
    assert as_bytes([[3, 4]]).tolist() == [[76, 102]]


def test_interests_survive_storage() -> None:
    profile = Profile("robots", as_bytes([1, 2, 3]).tobytes())
    plain, own = Interests(("a", "b"), 7, frozenset({3, 1})), Interests((), 7, frozenset(), (profile,), (("ada", 9),))
    for interests in (plain, own):
        assert Interests.from_json(interests.as_json()) == interests
        assert Interests.from_json(json.loads(interests.as_text())) == interests
