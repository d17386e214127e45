"""Models of words, meaning, taste, names and listings: what they tell, and that odd corpora break none of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from digest.ranking import PaperText
from digest.ranking.fitting import prediction
from digest.ranking.fitting.meaning import MeaningSpace
from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.fitting.taste import TasteModel
from digest.ranking.record import Example, Listing, Record
from digest.ranking.terms import author_key, author_names, plain_words, words

DAY = date(2026, 7, 14)
ROBOTS = [PaperText(f"Walking robots {n}", "Locomotion of legged machines, with torque.") for n in range(12)]
CAKES = [PaperText(f"Baking cakes {n}", "Ovens, flour and sugar, with butter.") for n in range(12)]
ODD = [PaperText(""), PaperText("学习", "强化学习 " * 5000), PaperText("a" * 50_000), PaperText("...", "!?")]


def test_papers_that_share_rare_words_are_near_and_every_vector_has_one_length() -> None:
    space = TermSpace.fitted([*ROBOTS, *CAKES], words)
    vectors = space.vectors([ROBOTS[0], ROBOTS[1], CAKES[0], PaperText("")])
    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1))
    assert lengths == pytest.approx([1, 1, 1, 0], abs=1e-5)
    near, far = (vectors @ vectors.T).toarray()[0, 1:3]
    assert near > far


def test_a_word_that_nobody_had_used_counts_as_rare() -> None:
    space = TermSpace.fitted(ROBOTS, words)
    known, new = space.vectors([PaperText("GRPOx robots"), PaperText("GRPOx cakes")])[[0], :], PaperText("On GRPOx")
    assert (known @ space.vectors([new]).T).toarray()[0, 0] > 0.2


def test_a_profile_is_what_liked_papers_have_and_others_have_not() -> None:
    space = TermSpace.fitted([*ROBOTS, *CAKES], words)
    robot, cake = space.vectors([ROBOTS[5], CAKES[5]]) @ space.profile(ROBOTS[:2])
    assert robot > 0 > cake
    less = space.vectors([ROBOTS[5]]) @ space.profile(ROBOTS[:2], disliked=ROBOTS[6:8])
    assert less[0] < robot
    assert not space.profile([]).any()


def test_one_liked_paper_more_is_felt_at_once() -> None:
    space = TermSpace.fitted([*ROBOTS, *CAKES], words)
    before, after = (
        space.vectors([CAKES[5]]) @ space.profile(liked) for liked in (ROBOTS[:3], [*ROBOTS[:3], CAKES[0]])
    )
    assert after[0] > before[0]


def test_meaning_joins_papers_without_a_word_in_common() -> None:
    joined = [PaperText("robots legged"), PaperText("legged machines"), PaperText("machines torque")] * 6
    corpus = [*joined, *CAKES]
    meaning = MeaningSpace.fitted(TermSpace.fitted(corpus, plain_words), corpus, 2)
    robots, torque, cakes = meaning.vectors([PaperText("robots"), PaperText("torque"), PaperText("flour")])
    assert robots @ torque > 0.5 > robots @ cakes


@pytest.mark.parametrize("corpus", [[], ROBOTS[:1], ODD, [PaperText("same")] * 30])
def test_odd_corpora_and_texts_give_numbers(corpus: list[PaperText]) -> None:
    space = TermSpace.fitted(corpus, plain_words)
    meaning = MeaningSpace.fitted(space, corpus)
    asked = [*ODD, *ROBOTS[:1]]
    assert np.isfinite(meaning.vectors(asked)).all()
    assert np.isfinite(meaning.profile([])).all()
    taste = TasteModel.fitted(corpus)
    for liked in ([], asked):
        assert all(np.isfinite(part).all() for part in taste.parts(liked, asked).values())


def test_the_same_author_is_found_in_another_spelling() -> None:
    assert author_key("Jean-Luc  P. Émile") == author_key("jean luc p émile")
    assert list(author_names(PaperText("", authors=("A. Ng", "A Ng", "")))) == ["a ng"]


def test_taste_tells_words_and_authors_apart() -> None:
    corpus = [
        PaperText(paper.title, paper.abstract, authors=(f"Writer {n}",)) for n, paper in enumerate(ROBOTS + CAKES)
    ]
    taste = TasteModel.fitted(corpus)
    by_writer = PaperText("Nothing of the kind", authors=("Writer 3",))
    parts = taste.parts(corpus[:4], [by_writer, corpus[8], corpus[20]])
    assert parts["authors"][0] > max(parts["authors"][1:])
    assert parts["words"][1] > max(parts["words"][0], parts["words"][2])


def examples(number: int = 400) -> list[Example]:
    """Ada's papers, and those about robots, are listed far more often than others."""
    dice = np.random.default_rng(3)
    rows = []
    for count in range(number):
        is_ada, is_robot = dice.random() < 0.3, dice.random() < 0.4
        paper = (ROBOTS if is_robot else CAKES)[count % 12]
        text = PaperText(paper.title, paper.abstract, ("cs.RO",), "cs.RO", ("Ada" if is_ada else f"Someone {count}",))
        rows.append(
            Example(text, DAY + timedelta(days=count // 10), bool(dice.random() < 0.05 + 0.4 * is_ada + 0.4 * is_robot))
        )
    return rows


def test_a_prediction_is_a_calibrated_probability_learned_from_text_and_authors() -> None:
    known = examples()
    predictor = prediction.fitted(known, [Listing(example.paper, example.day) for example in known if example.listed])
    assert predictor
    later = DAY + timedelta(days=60)
    best, middle, least = predictor.probabilities(
        [
            Example(PaperText(ROBOTS[0].title, ROBOTS[0].abstract, ("cs.RO",), "cs.RO", ("Ada",)), later),
            Example(PaperText(ROBOTS[0].title, ROBOTS[0].abstract, ("cs.RO",), "cs.RO", ("New",)), later),
            Example(PaperText(CAKES[0].title, CAKES[0].abstract, ("cs.RO",), "cs.RO", ("New",)), later),
        ]
    )
    assert 1 >= best > middle > least >= 0
    assert predictor.probabilities(known).mean() == pytest.approx(np.mean([each.listed for each in known]), abs=0.05)
    assert predictor.probabilities([]).shape == (0,)


@pytest.mark.parametrize("listed", [True, False])
def test_where_all_or_none_were_listed_nothing_is_predicted(listed: bool) -> None:
    assert prediction.fitted([each._replace(listed=listed) for each in examples(20)], []) is None
    assert prediction.fitted([], []) is None


def test_an_author_s_record_holds_nothing_of_the_day_itself_or_the_week_before() -> None:
    paper = PaperText("Any", authors=("Ada",))
    record = Record.of([Example(paper, DAY, True)], [Listing(paper, DAY)])
    assert (
        record.features(paper, DAY)
        == record.features(paper, DAY + timedelta(days=7))
        == Record.of([], []).features(paper, DAY)
    )
    assert record.features(paper, DAY + timedelta(days=8))[0] == 1
