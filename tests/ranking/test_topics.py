"""How relevant a paper is to a topic: categories and words, whatever other topics there are."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import PaperText, TopicProfile, topic_relevance

ROBOTICS = TopicProfile("robotics", ["cs.RO"], ["robot", "motion planning", "vision-language-action"])
VISION = TopicProfile("vision", ["cs.CV"], ["image", "object detection"])


def relevance(paper: PaperText, topic: TopicProfile = ROBOTICS) -> float:
    return float(topic_relevance([paper], [topic])[0, 0])


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
    assert relevance(PaperText(title)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    "title", ["Microbotic motors", "Robotics", "Motion. Planning ahead", "Motion and planning", ""]
)
def test_a_part_of_a_word_or_a_phrase_across_sentences_is_not_a_keyword(title: str) -> None:
    assert relevance(PaperText(title)) == 0


def test_the_title_counts_more_than_the_abstract_and_repeating_a_word_counts_to_three() -> None:
    in_title = relevance(PaperText("Robots of robots"))
    mentioned = [relevance(PaperText("A study", "Of robots. " * times)) for times in range(6)]
    assert in_title > mentioned[3] > mentioned[2] > mentioned[1] > mentioned[0] == 0
    assert mentioned[3] == mentioned[4] == mentioned[5]
    assert relevance(PaperText("Robots", "Of robots")) > in_title


def test_two_spellings_of_a_keyword_are_one_piece_of_evidence() -> None:
    twice = TopicProfile("robotics", [], ["robot", "Robots"])
    assert relevance(PaperText("Robots"), twice) == relevance(PaperText("Robots"))


def test_the_primary_category_counts_more_than_a_cross_list_and_not_twice() -> None:
    primary = relevance(PaperText("A study", categories=["cs.RO", "cs.AI"], primary_category="cs.RO"))
    crossed = relevance(PaperText("A study", categories=["cs.AI", "cs.RO"], primary_category="cs.AI"))
    assert (primary, crossed) == (0.5, 0.25)


def test_more_evidence_makes_more_of_a_relevance() -> None:
    category = PaperText("A study", categories=["cs.RO"], primary_category="cs.RO")
    both = PaperText("A robot study", categories=["cs.RO"], primary_category="cs.RO")
    assert 1 > relevance(both) > relevance(category)


def test_a_category_of_every_kind_of_paper_says_less_unless_a_topic_names_nothing_else() -> None:
    paper = PaperText("A study", categories=["cs.LG", "math.OC"], primary_category="cs.LG")
    topics = [TopicProfile("theory", ["cs.LG", "math.OC"]), TopicProfile("learning", ["cs.LG"])]
    theory, learning = topic_relevance([paper], topics)[0]
    assert theory == pytest.approx(1 - (1 - 0.2) * (1 - 0.25))
    assert learning == 0.5


@given(titles=st.lists(st.sampled_from(["Robots", "An image", "Motion planning of robots"]), max_size=4))
def test_no_topic_takes_anything_from_another(titles: list[str]) -> None:
    papers = [PaperText(title, "Of robots, and an image", ["cs.RO", "cs.CV"], "cs.RO") for title in titles]
    newcomer = TopicProfile("newcomer", ["cs.RO", "cs.CV"], ["robot", "image"])
    alone = topic_relevance(papers, [ROBOTICS, VISION])
    among_others = topic_relevance(papers, [ROBOTICS, VISION, newcomer])
    assert among_others[:, :2].tolist() == alone.tolist()


def test_without_papers_or_topics_there_is_no_relevance() -> None:
    assert topic_relevance([], [ROBOTICS]).shape == (0, 1)
    assert topic_relevance([PaperText("Robots")], []).shape == (1, 0)


WORDS = st.lists(
    st.sampled_from(["robot", "Robots", "image", "object", "detection", "motion", "planning", ".", "ß", "é"])
)
CATEGORIES = st.lists(st.sampled_from(["cs.RO", "cs.CV", "cs.AI", ""]), max_size=4)


@given(title=WORDS, abstract=WORDS, categories=CATEGORIES, primary=st.sampled_from(["cs.RO", "cs.CV", ""]))
def test_relevance_lies_between_nought_and_one(
    title: list[str], abstract: list[str], categories: list[str], primary: str
) -> None:
    paper = PaperText(" ".join(title), " ".join(abstract), categories, primary)
    row = topic_relevance([paper], [ROBOTICS, VISION])[0]
    assert np.all((row >= 0) & (row <= 1))


@given(st.text(), st.text())
def test_any_text_can_be_read(title: str, keyword: str) -> None:
    assert 0 <= relevance(PaperText(title, title), TopicProfile("any", [], [keyword])) <= 1


def test_two_thousand_papers_and_sixteen_topics_take_moments() -> None:
    paper = PaperText("A study of robots", " ".join(f"word{number} planning" for number in range(90)))
    topics = [
        TopicProfile(f"topic-{number}", [], [f"word{number} {word}" for word in "abcdefghij"]) for number in range(16)
    ]
    started = time.process_time()
    topic_relevance([paper] * 2000, topics)
    assert time.process_time() - started < 3  # about 0.3 s; a regular expression per keyword takes half a minute


def test_what_a_topic_excludes_is_not_about_it_by_phrase_or_category() -> None:
    topic = TopicProfile("people", ["cs.HC"], ["interaction"], exclusions=["human-object interaction", "cs.SD"])
    kept = PaperText("Interaction", "of people", ("cs.HC",), "cs.HC")
    assert relevance(kept, topic) > 0.5
    assert relevance(PaperText("Interaction", "Human-object  interactions", ("cs.HC",), "cs.HC"), topic) == 0
    assert relevance(PaperText("Interaction", "", ("cs.HC", "cs.SD"), "cs.HC"), topic) == 0


def test_a_topic_without_keywords_is_found_by_its_name_and_its_parts() -> None:
    topic = TopicProfile("quantum", name="Quantum cryptography and lattices")
    assert relevance(PaperText("On quantum cryptography"), topic) > 0
    assert relevance(PaperText("On lattices"), topic) > 0
    assert relevance(PaperText("On quantum gravity"), topic) == 0
    assert relevance(PaperText("On lattices"), TopicProfile("q", [], ["qubit"], "Lattices")) == 0


def test_a_topic_that_is_named_as_arxiv_names_categories_has_them_until_it_says_what_it_looks_like() -> None:
    assert TopicProfile("r", name="robotics ").all_categories == {"cs.RO"}
    assert TopicProfile("ml", name="Machine Learning").all_categories == {"cs.LG", "stat.ML"}
    assert not TopicProfile("r", keywords=["robot"], name="Robotics").all_categories
    assert not TopicProfile("r", name="Robots").all_categories
