"""How much of a paper belongs to a topic: categories and words, and never more than the whole paper."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import PaperText, TopicProfile, topic_shares

ROBOTICS = TopicProfile("robotics", ["cs.RO"], ["robot", "motion planning", "vision-language-action"])
VISION = TopicProfile("vision", ["cs.CV"], ["image", "object detection"])


def share(paper: PaperText, topic: TopicProfile = ROBOTICS) -> float:
    return float(topic_shares([paper], [topic])[0, 0])


@pytest.mark.parametrize(
    "title",
    [
        "A robot",
        "ROBOTS at work",
        "Motion   planning",
        "On motion-planning",
        "A Vision-Language-Action model",
        "Robots.",
    ],
)
def test_a_keyword_is_found_whatever_its_case_plural_and_hyphens(title: str) -> None:
    assert share(PaperText(title)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    "title", ["Microbotic motors", "Robotics", "Motion. Planning ahead", "Motion and planning", ""]
)
def test_a_part_of_a_word_or_a_phrase_across_sentences_is_not_a_keyword(title: str) -> None:
    assert share(PaperText(title)) == 0


def test_the_title_counts_more_than_the_abstract_and_repeating_a_word_counts_to_three() -> None:
    in_title = share(PaperText("Robots of robots"))
    mentioned = [share(PaperText("A study", "Of robots. " * times)) for times in range(6)]
    assert in_title > mentioned[3] > mentioned[2] > mentioned[1] > mentioned[0] == 0
    assert mentioned[3] == mentioned[4] == mentioned[5]
    assert share(PaperText("Robots", "Of robots")) > in_title


def test_two_spellings_of_a_keyword_are_one_piece_of_evidence() -> None:
    twice = TopicProfile("robotics", [], ["robot", "Robots"])
    assert share(PaperText("Robots"), twice) == share(PaperText("Robots"))


def test_the_primary_category_counts_more_than_a_cross_list_and_not_twice() -> None:
    primary = share(PaperText("A study", categories=["cs.RO", "cs.AI"], primary_category="cs.RO"))
    crossed = share(PaperText("A study", categories=["cs.AI", "cs.RO"], primary_category="cs.AI"))
    assert (primary, crossed) == (0.5, 0.25)


def test_more_evidence_makes_more_of_a_share() -> None:
    category = PaperText("A study", categories=["cs.RO"], primary_category="cs.RO")
    both = PaperText("A robot study", categories=["cs.RO"], primary_category="cs.RO")
    assert 1 > share(both) > share(category)


def test_a_category_that_several_topics_name_says_less_for_each() -> None:
    paper = PaperText("A study", categories=["cs.LG"], primary_category="cs.LG")
    topics = [TopicProfile("theory", ["cs.LG"]), TopicProfile("efficiency", ["cs.LG"]), ROBOTICS]
    assert topic_shares([paper], topics)[0].tolist() == [0.25, 0.25, 0]


def test_a_paper_of_many_topics_is_divided_among_them() -> None:
    paper = PaperText("Robot images", "Object detection, motion planning", ["cs.RO", "cs.CV"], "cs.RO")
    row = topic_shares([paper], [ROBOTICS, VISION])[0]
    assert row.sum() == pytest.approx(1)
    assert row[0] > row[1] > 0


def test_a_word_in_passing_gives_way_to_what_the_paper_is_about() -> None:
    about_robots = PaperText("Robots and motion planning", "Robots, from an image", ["cs.RO"], "cs.RO")
    robotics, vision = topic_shares([about_robots], [ROBOTICS, VISION])[0]
    assert robotics > 0.8
    assert vision < 0.1 < share(about_robots, VISION)


def test_without_papers_or_topics_there_are_no_shares() -> None:
    assert topic_shares([], [ROBOTICS]).shape == (0, 1)
    assert topic_shares([PaperText("Robots")], []).shape == (1, 0)


WORDS = st.lists(
    st.sampled_from(["robot", "Robots", "image", "object", "detection", "motion", "planning", ".", "ß", "é"])
)
CATEGORIES = st.lists(st.sampled_from(["cs.RO", "cs.CV", "cs.AI", ""]), max_size=4)


@given(title=WORDS, abstract=WORDS, categories=CATEGORIES, primary=st.sampled_from(["cs.RO", "cs.CV", ""]))
def test_every_row_is_a_division_of_at_most_one_paper(
    title: list[str], abstract: list[str], categories: list[str], primary: str
) -> None:
    paper = PaperText(" ".join(title), " ".join(abstract), categories, primary)
    row = topic_shares([paper], [ROBOTICS, VISION])[0]
    assert np.all((row >= 0) & (row <= 1))
    assert row.sum() <= 1 + 1e-12


@given(st.text(), st.text())
def test_any_text_can_be_read(title: str, keyword: str) -> None:
    assert 0 <= share(PaperText(title, title), TopicProfile("any", [], [keyword])) <= 1


def test_two_thousand_papers_and_sixteen_topics_take_moments() -> None:
    paper = PaperText("A study of robots", " ".join(f"word{number} planning" for number in range(90)))
    topics = [
        TopicProfile(f"topic-{number}", [], [f"word{number} {word}" for word in "abcdefghij"]) for number in range(16)
    ]
    started = time.process_time()
    topic_shares([paper] * 2000, topics)
    assert time.process_time() - started < 3  # about 0.3 s; a regular expression per keyword takes half a minute
