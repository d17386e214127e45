"""The four tasks on an invented recording: what is asked, what is shown, what is counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from digest.errors import EvaluationError
from digest.evaluation import open_recording, tasks
from digest.evaluation.streams import Candidate, Paper, VotedPaper
from digest.evaluation.tasks import Past, Scores
from digest.evaluation.today import Today
from digest.ranking import TopicProfile, text_of
from digest.ranking.taxonomy import NAMES
from digest.sources import PapersJson
from tests.evaluation import recording

TODAY = Today([TopicProfile("vision", ["cs.CV"], ["image"])])


class Witness:
    """Ranks nothing, and remembers all that it was shown."""

    past: Past

    def __init__(self) -> None:
        self.asked: list[list[VotedPaper]] = []
        self.pasts: list[Past] = []

    @property
    def background(self) -> list[Paper]:
        """Read only when it is asked for: a recording is long, and rankers are called for every event."""
        return list(self.past.papers())

    @property
    def before(self) -> tuple[set[str], set[str]]:
        return {paper.id for paper in self.past.listed()}, {paper.id for paper in self.background}

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper], past: Past) -> Scores:
        self.asked.append([*profile, *candidates])
        self.profile, self.candidates = list(profile), list(candidates)
        self.past = past
        return np.zeros(len(candidates))

    def topics(self, names: Sequence[str], papers: Iterable[Paper], past: Past) -> Scores:
        self.past, self.names, self.papers = past, list(names), list(papers)
        self.pasts.append(past)
        return np.zeros((len(self.papers), len(names)))

    def search(self, query: str, candidates: Sequence[Candidate], past: Past) -> Scores:
        self.searched = list(candidates)
        self.past = past
        return np.zeros(len(candidates))

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]], past: Past) -> None:
        self.training = list(training())
        self.past = past

    def trend(self, papers: Sequence[Paper]) -> Scores:
        self.day = list(papers)
        return np.zeros(len(papers))


def test_a_member_s_next_paper_is_sought_among_a_week_of_lists(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.interests(open_recording(recording.write(tmp_path)), witness)
    assert [paper.text.title for paper in witness.profile] == ["p1", "p2", "p3", "p4", "p5"]
    # 4 to 10 January, without the profile: the 3rd is too long ago, the 13th is to come.
    assert {paper.text.title for paper in witness.candidates} == {"same", "loud", "found", "still"}
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


def test_interests_are_asked_for_with_all_that_is_known_and_with_title_and_abstract_alone(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.interests(open_recording(recording.write(tmp_path)), witness)
    whole, bare = witness.asked
    assert [paper.text.title for paper in bare] == [paper.text.title for paper in whole]
    assert {(paper.upvotes, paper.text.authors, paper.text.categories) for paper in bare} == {(0, (), ())}
    assert any(paper.upvotes for paper in whole)
    assert {"text_hit10", "text_mrr"} <= set(figures)


def test_nothing_of_the_day_or_later_is_known_to_a_ranker(tmp_path: Path) -> None:
    recorded, witness = open_recording(recording.write(tmp_path)), Witness()
    tasks.interests(recorded, witness)  # of 10 January
    assert witness.before == ({"p1", "p2", "p3", "p4", "p5", "gone", "same", "still"}, {"old"})
    tasks.topics(recorded, witness, least=2)
    assert witness.before == (set(), {"old"})
    tasks.trend(recorded, witness)  # of 12 January
    assert witness.before == (
        {"p1", "p2", "p3", "p4", "p5", "gone", "same", "still", "loud", "found"},
        {"old", "r1", "r2"},
    )


def test_a_paper_by_an_author_of_the_profile_is_found(tmp_path: Path) -> None:
    lists = [
        {**paper, "authors": ["Ada Ng" if paper["id"] in {"p1", "p4", "found"} else paper["id"]]}
        for paper in recording.LISTED
    ]
    figures = tasks.interests(open_recording(recording.write(tmp_path, listed=lists)), Today([]))
    assert figures["mrr"] == 1
    assert figures["text_mrr"] < 1  # type: ignore[operator]


def test_topics_are_known_by_name_and_papers_without_their_categories(tmp_path: Path) -> None:
    witness = Witness()
    figures = tasks.topics(open_recording(recording.write(tmp_path)), witness, least=2)
    assert witness.names == ["Robotics"]
    assert [paper.id for paper in witness.background] == ["old"]
    assert [paper.id for paper in witness.papers] == ["r1", "r2", "a1", "a2", "b1"]
    bare, stored = ([paper.text for paper in past.papers()] for past in witness.pasts)
    texts = [*bare, *(paper.text for paper in witness.papers)]
    assert {(text.categories, text.primary_category) for text in texts} == {((), "")}
    # Asked again, the past is as it was stored, and the papers asked about are still without.
    assert [(text.categories, text.primary_category) for text in stored] == [(("cs.RO",), "cs.RO")]
    assert {"stored_p50", "stored_ap"} <= set(figures)
    assert (figures["categories"], figures["unnamed"], figures["papers"]) == (1, 1, 5)
    assert figures["p50"] == 2 / 5


def test_a_topic_s_papers_are_found_by_its_name_and_by_words_that_come_with_it(tmp_path: Path) -> None:
    early = [recording.paper(f"e{n}", "2026-01-05", title) for n, title in enumerate(["Robotics", "On cakes"] * 20)]
    early = [{**paper, "abstract": "walking machine" if "Robotics" in paper["title"] else "flour"} for paper in early]
    figures = tasks.topics(
        open_recording(recording.write(tmp_path, arxiv=[*early, *recording.PAPERS[1:]])), TODAY, least=2
    )
    without = tasks.topics(open_recording(recording.write(tmp_path, arxiv=recording.PAPERS[1:])), TODAY, least=2)
    assert figures["ap"] > without["ap"]  # type: ignore[operator]


def test_searches_are_judged_by_their_grades_and_those_without_an_answer_counted(tmp_path: Path) -> None:
    recorded = open_recording(recording.write(tmp_path))
    witness = Witness()
    figures = tasks.search(recorded, witness)
    assert (figures["queries"], figures["without_answer"]) == (1, 1)
    assert {field.name for field in fields(Candidate)} == {"title", "abstract"}
    assert figures["ndcg10"] == round((1 + 1 / np.log2(3) + 1 / 2) / 3, 4)
    assert [paper.id for paper in witness.background] == ["old"]
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


def test_papers_are_judged_by_what_ingestion_would_store(tmp_path: Path) -> None:
    announced = recording.paper("2601.00001", "2026-01-12", " A\n<i>walking</i>  machine", ["cs.RO", "cs.AI"])
    (paper,) = open_recording(recording.write(tmp_path, arxiv=[announced])).papers()
    (fetched,) = PapersJson().parse(json.dumps([announced]).encode()).papers
    assert paper.text == text_of(fetched)
    assert (paper.text.title, paper.text.primary_category) == ("A walking machine", "cs.RO")


def test_what_ingestion_would_refuse_is_not_judged(tmp_path: Path) -> None:
    papers = [recording.paper("x", "2026-01-12", "..."), recording.paper("y", "2026-01-12", "Y")]
    assert [paper.id for paper in open_recording(recording.write(tmp_path, arxiv=papers)).papers()] == ["y"]


@pytest.mark.shared_data
def test_searches_and_lists_of_the_reference_recording_are_ranked(shared_data: Path) -> None:
    recorded = open_recording(shared_data / "eval")
    assert recorded.train_before > date(2026, 1, 1)
    figures = tasks.interests(recorded, Witness())
    assert figures["events"] == 213  # what the plain methods beside our figures were measured on
    assert 0 < figures["hit10"] < 1  # type: ignore[operator]
    assert tasks.search(recorded, TODAY)["queries"] == 50


@pytest.mark.shared_data
def test_ranking_by_votes_gives_what_was_measured_elsewhere(shared_data: Path) -> None:
    class Upvotes(Witness):
        def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper], past: Past) -> Scores:
            return np.array([float(paper.upvotes) for paper in candidates])

    figures = tasks.interests(open_recording(shared_data / "eval"), Upvotes())
    assert (figures["hit10"], figures["mrr"]) == pytest.approx((0.150, 0.065), abs=0.002)
