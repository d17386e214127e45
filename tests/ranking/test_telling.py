"""Why a paper was chosen, in one plain sentence that names first whom or what the reader knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.score import Parts
from digest.ranking.telling import after_why, sentence

TOPICS = {"robotics": "Robotics", "vision": "Computer Vision", "nlp": "Language", "theory": "Theory"}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((("topic:robotics", 0.4), ("trend", 0.2)), "Because you follow Robotics; much discussed today"),
        ((("trend", 0.2), ("author:Chelsea Finn", 0.5)), "By Chelsea Finn, whom you follow; much discussed today"),
        ((("author:Chelsea Finn", 0.08), ("topic:nlp", 0.3)),
         "By Chelsea Finn, whose papers you liked; because you follow Language"),
        ((("interest:meta-RL for robots", 0.4),), "Near “meta-RL for robots”, your interest"),
        ((("trend", 0.3), ("interest:My thesis", 0.15)),
         "A little like “My thesis”, your interest; much discussed today"),
        ((("trend", 0.3), ("interest:My thesis", 0.11)), "Much discussed today"),
        ((("interest:papers you liked", 0.4), ("trend", 0.05)), "Near papers you liked; discussed today"),
        ((("topic:robotics", 0.4), ("topic:vision", 0.2), ("topic:nlp", 0.05)),
         "Because you follow Robotics and Computer Vision"),
        (tuple((f"topic:{slug}", 0.2) for slug in TOPICS), "Because you follow Robotics, Computer Vision and 2 more"),
        ((("topic:theory", 0.04), ("prediction", 0.1)), "About Theory; likely to be discussed (a prediction)"),
        ((("topic:nlp", 0.4), ("prediction", 0.04)), "Because you follow Language; likely to be discussed (a prediction)"),
        ((("topic:nlp", 0.4), ("prediction", 0.03)), "Because you follow Language"),
        ((("editor", 1.2),), "Picked by our editors"),
        ((("topic:unknown", 0.3), ("editor", -0.5)), "Because you follow unknown"),
        ((("topic:robotics", 0.3), ("week", -0.04)),
         "Because you follow Robotics; from this week, as today has little for you"),
        ((("trend", 0.01),), "Among the best of what is new"),
        ((), "Among the best of what is new"),
    ],
)  # fmt: skip
def test_parts_become_one_sentence(parts: Parts, told: str) -> None:
    assert sentence(parts, TOPICS) == told


def test_a_name_of_many_lines_or_letters_stays_one_short_clause() -> None:
    told = sentence(((f"interest:all\nabout {'robots ' * 900}", 0.4),), TOPICS)
    assert "\n" not in told
    assert len(told) < 120
    assert told.endswith("…”, your interest")


NAMES = st.one_of(
    st.sampled_from(["trend", "editor", "week", "prediction", "topic:", "less:papers you voted down", ""]),
    st.text(max_size=200).map(lambda text: f"interest:{text}"),
    st.text(max_size=200).map(lambda text: f"author:{text}"),
    st.text(max_size=200),
)


@given(st.lists(st.tuples(NAMES, st.floats(-2, 2)), max_size=5).map(tuple))
def test_whatever_the_parts_there_is_a_sentence_on_one_line(parts: Parts) -> None:
    told = sentence(parts, TOPICS)
    assert told
    assert len(told.splitlines()) == 1
    assert told[0] == told[0].upper()


def test_behind_why_it_reads_on() -> None:
    assert after_why("Because you follow Robotics") == "you follow Robotics"
    assert after_why("By Ada Lovelace, whom you follow") == "by Ada Lovelace, whom you follow"
