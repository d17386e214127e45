"""The four tasks on an invented recording: what is asked, what is shown, what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from digest.errors import EvaluationError
from digest.evaluation import open_recording, tasks
from digest.evaluation.streams import Candidate, Paper, VotedPaper
from digest.evaluation.tasks import Again, Scores
from digest.evaluation.taxonomy import NAMES
from digest.evaluation.today import Today, words_of_name
from digest.ranking import TopicProfile
from tests.evaluation import recording

TODAY = Today([TopicProfile("vision", ["cs.CV"], ["image"])])


class Witness:
    """Ranks nothing, and remembers all that it was shown."""

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper]) -> Scores:
        self.profile, self.candidates = list(profile), list(candidates)
        return np.zeros(len(candidates))

    def topics(self, background: Again, names: Sequence[str], papers: Iterable[Paper]) -> Scores:
        self.background, self.names, self.papers = list(background()), list(names), list(papers)
        return np.zeros((len(self.papers), len(names)))

    def learn_words(self, background: Again) -> None:
        self.words_of = [paper.id for paper in background()]

    def search(self, query: str, candidates: Sequence[Candidate]) -> Scores:
        self.searched = list(candidates)
        return np.zeros(len(candidates))

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]]) -> None:
        self.training = list(training())

    def trend(self, papers: Sequence[Paper]) -> Scores:
        self.day = list(papers)
        return np.zeros(len(papers))


def test_a_member_s_next_paper_is_sought_among_a_week_of_lists(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.interests(open_recording(recording.write(tmp_path)), witness)
    assert [paper.title for paper in witness.profile] == ["p1", "p2", "p3", "p4", "p5"]
    # 4 to 10 January, without the profile: the 3rd is too long ago, the 13th is to come.
    assert {paper.title for paper in witness.candidates} == {"same", "loud", "found", "still"}
    assert (figures["events"], figures["users"]) == (1, 1)
    assert figures["hit10"] == 1
    assert figures["mrr"] == round((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 4)


def test_no_ranker_of_interests_sees_the_day_that_would_give_the_answer_away() -> None:
    assert {"day", "id"}.isdisjoint(field.name for field in fields(VotedPaper))


def test_three_fifths_of_many_events_are_the_profile(tmp_path: Path) -> None:
    events = [(f"2026-01-{number:02}", "u0", f"p{number}") for number in range(1, 12)]
    lists = [recording.listed(paper, day, 1) for day, _, paper in events]
    figures = tasks.interests(open_recording(recording.write(tmp_path, events=events, listed=lists)), Witness())
    assert figures["events"] == 11 - 6


def test_a_target_that_is_on_no_list_is_not_found(tmp_path: Path) -> None:
    events = [*recording.EVENTS[:5], ("2026-01-10", "u0", "nowhere")]
    figures = tasks.interests(open_recording(recording.write(tmp_path, events=events)), Witness())
    assert (figures["events"], figures["hit10"], figures["mrr"]) == (1, 0, 0)


def test_votes_are_today_s_answer_to_interests(tmp_path: Path) -> None:
    # By votes: loud 50, same 9, found 7, still 1.
    assert tasks.interests(open_recording(recording.write(tmp_path)), TODAY)["mrr"] == round(1 / 3, 4)


def test_topics_are_known_by_name_and_papers_without_their_categories(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.topics(open_recording(recording.write(tmp_path)), witness, least=2)
    assert witness.names == ["Robotics"]
    assert [paper.id for paper in witness.background] == ["old"]
    assert [paper.id for paper in witness.papers] == ["r1", "r2", "a1", "a2", "b1"]
    assert {paper.categories for paper in witness.background + witness.papers} == {()}
    assert (figures["categories"], figures["unnamed"], figures["papers"]) == (1, 1, 5)
    assert figures["p50"] == 2 / 5


def test_words_of_the_name_are_today_s_answer_to_topics(tmp_path: Path) -> None:
    # r1 says robotics and is first; r2 does not and is at even odds the second to the fifth of those without a word.
    figures = tasks.topics(open_recording(recording.write(tmp_path)), TODAY, least=2)
    assert figures["ap"] == pytest.approx((1 + (2 / 2 + 2 / 3 + 2 / 4 + 2 / 5) / 4) / 2, abs=1e-4)


def test_a_name_is_split_into_its_terms() -> None:
    assert words_of_name(NAMES["cs.CV"]) == ["Computer Vision", "Pattern Recognition"]
    assert words_of_name(NAMES["cs.CE"]) == ["Computational Engineering", "Finance", "Science"]
    assert words_of_name(NAMES["cs.HC"]) == ["Human-Computer Interaction"]


def test_searches_are_judged_by_their_grades_and_those_without_an_answer_counted(tmp_path: Path) -> None:
    recorded = open_recording(recording.write(tmp_path))
    witness = Witness()
    figures = tasks.search(recorded, witness)
    assert (figures["queries"], figures["without_answer"]) == (1, 1)
    assert {field.name for field in fields(Candidate)} == {"title", "abstract"}
    assert figures["ndcg10"] == round((1 + 1 / np.log2(3) + 1 / 2) / 3, 4)
    assert tasks.search(recorded, TODAY)["ndcg10"] == 1


def test_trend_is_learned_from_what_was_known_at_the_cut(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.trend(open_recording(recording.write(tmp_path)), witness)
    # r2 is of the days before the cut, but was listed only after it.
    assert [(paper.id, was) for paper, was in witness.training] == [("old", False), ("r1", False), ("r2", False)]
    # Of the 13th nothing was listed, so there is nothing to find.
    assert [paper.id for paper in witness.day] == ["a1", "a2"]
    assert figures == {"auc": 0.5, "ap": 0.75, "p15": 0.5, "days": 1, "papers": 2, "listed": 1}


def test_before_votes_the_topics_on_offer_are_today_s_answer(tmp_path: Path) -> None:
    figures = tasks.trend(open_recording(recording.write(tmp_path)), TODAY)
    assert (figures["auc"], figures["ap"]) == (1, 1)


def test_days_out_of_order_are_refused(tmp_path: Path) -> None:
    shuffled = [recording.paper("x", "2026-01-13", "X"), recording.paper("y", "2026-01-12", "Y")]
    with pytest.raises(EvaluationError, match="2026-01-12 comes after 2026-01-13"):
        tasks.trend(open_recording(recording.write(tmp_path, arxiv=shuffled)), Witness())


def test_an_empty_recording_has_no_figures_and_no_error(tmp_path: Path) -> None:
    empty = open_recording(recording.write(tmp_path, arxiv=[], listed=[], events=[], queries=[]))
    results = tasks.evaluate(empty, TODAY)
    measures = {"hit10", "mrr", "p50", "ap", "ndcg10", "auc", "p15"}
    assert {value for task in results.values() for name, value in task.items() if name in measures} == {None}


def test_every_name_of_the_taxonomy_is_whole() -> None:
    assert len(NAMES) > 150
    assert all(name and category.strip() == category for category, name in NAMES.items())


@pytest.mark.shared_data
def test_searches_and_lists_of_the_reference_recording_are_ranked(shared_data: Path) -> None:
    recorded = open_recording(shared_data / "eval")
    assert recorded.train_before > date(2026, 1, 1)
    figures = tasks.interests(recorded, TODAY)
    assert figures["events"] == 213  # what the plain methods beside our figures were measured on
    assert 0 < figures["hit10"] < 1  # type: ignore[operator]
    assert tasks.search(recorded, TODAY)["queries"] == 50


@pytest.mark.shared_data
def test_ranking_by_votes_gives_what_was_measured_elsewhere(shared_data: Path) -> None:
    class Upvotes(Witness):
        def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper]) -> Scores:
            return np.array([float(paper.upvotes) for paper in candidates])

    figures = tasks.interests(open_recording(shared_data / "eval"), Upvotes())
    assert (figures["hit10"], figures["mrr"]) == pytest.approx((0.150, 0.065), abs=0.002)
