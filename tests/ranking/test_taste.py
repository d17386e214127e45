"""Profiles of texts, papers and votes, and how papers meet them: by words from the first paper on, and by meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from django.utils import timezone

from digest.ranking import PaperText, taste, text_of
from digest.ranking.fitting.meaning import fitted
from digest.ranking.meaning import Meaning
from digest.ranking.parts.own import YOUNG_ENOUGH
from digest.ranking.side import Side
from digest.ranking.vectors import DIMENSIONS, ONE, packed_terms, terms_of
from digest.sample import papers as sample

ROBOTS = [PaperText(f"Walking robots {n}", "Locomotion of legged machines, with torque.") for n in range(12)]
CAKES = [PaperText(f"Baking cakes {n}", "Ovens, flour and sugar, with butter.") for n in range(12)]
ODD = [PaperText(""), PaperText("学习", "强化学习 " * 5000), PaperText("a" * 50_000), PaperText("...", "!?")]


def likeness(papers: Sequence[bytes], profile: bytes) -> list[float]:
    found: list[float] = (Side.of(papers).likeness([profile])[0] / ONE**2).tolist()
    return found


@pytest.fixture(params=["words alone", "with meaning"])
def model(request: pytest.FixtureRequest) -> Meaning:
    corpus = [*ROBOTS, *CAKES]
    return Meaning.of_words(corpus) if request.param == "words alone" else fitted(corpus)


@pytest.fixture(scope="module")
def samples() -> tuple[Meaning, list[PaperText], list[bytes]]:
    papers = [text_of(paper) for paper in sample.read(timezone.now())]
    model = Meaning.of_words(papers)
    return model, papers, list(model.vectors(papers))


def test_liked_papers_have_what_others_have_not(model: Meaning) -> None:
    robots, cakes = (list(model.vectors(papers)) for papers in (ROBOTS, CAKES))
    robot, cake = likeness([robots[5], cakes[5]], taste.of_papers(robots[:2], model.usual))
    assert robot > 3 * max(cake, 0)
    less, _ = likeness([robots[5], cakes[5]], taste.of_votes(robots[:2], model.usual, robots[6:8]))
    assert less < robot
    _, more = likeness([robots[5], cakes[5]], taste.of_papers([robots[0], *cakes[:3]], model.usual))
    assert more > cake


def test_many_votes_are_longer_than_one_and_less_is_shorter(model: Meaning) -> None:
    robots = list(model.vectors(ROBOTS))
    one, whole = taste.of_votes(robots[:1], model.usual, ()), taste.of_papers(robots[:1], model.usual)
    near, nearer, nearest = (likeness(robots[:1], each)[0] for each in (taste.weighed(whole, 0.75), one, whole))
    assert near / nearest == pytest.approx(0.75, abs=0.02)
    assert nearer / nearest == pytest.approx(taste.FIRST_VOTE, abs=0.02)


@pytest.mark.parametrize("corpus", [[], ROBOTS[:1], ODD, [PaperText("same")] * 30])
def test_odd_corpora_and_texts_give_numbers(corpus: list[PaperText]) -> None:
    for model in (Meaning.of_words(corpus), fitted(corpus)):
        papers = list(model.vectors([*ODD, *ROBOTS[:1]]))
        profiles = [taste.of_text(each, model.usual) for each in papers]
        profiles += [taste.of_votes(papers, model.usual, papers[:2]), taste.away(papers, model.usual), b""]
        found = Side.of([*papers, b""]).likeness(profiles)
        assert np.isfinite(found).all()
        assert not found[-1].any()
        assert not found[:, -1].any()


def test_likeness_is_the_sum_of_what_both_have_in_whatever_order_papers_stand(model: Meaning) -> None:
    papers = list(model.vectors([*ROBOTS, *CAKES]))
    profiles = [taste.of_text(each, model.usual) for each in model.texts(["robots", "ovens and torque"])]
    side, order = Side.of(papers), np.random.default_rng(1).permutation(len(papers))
    plain = [
        [sum(dict(_pairs(profile)).get(place, 0) * weight for place, weight in _pairs(paper)) for paper in papers]
        for profile in profiles
    ]
    assert side.words
    assert side.words.products([terms_of(each) for each in profiles], len(papers)).tolist() == plain
    assert (side.take(order).likeness(profiles) == side.likeness(profiles)[:, order]).all()


def _pairs(vector: bytes) -> list[tuple[int, int]]:
    return [(term >> 12, term & 4095) for term in terms_of(vector).tolist()]


def test_a_term_is_a_place_and_a_bounded_weight() -> None:
    terms = packed_terms(np.array([2**20 - 1, 3, 7]), [10**6, 1, 0.2])
    assert _pairs(bytes(DIMENSIONS) + terms.tobytes()) == [(3, 1), (2**20 - 1, 4095)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("meta reinforcement learning for robots", "Offline Reinforcement Learning"),
        ("speech recognition for low-resource languages", "Whose Turn Is It?"),
        ("medical image segmentation", "Second Opinions for Scanners"),
        ("robot manipulation from demonstrations", "Laundry, Solved"),
        ("protein structure prediction", "Folding in Company"),
        ("diffusion models for image generation", "One Brush, Many Hands"),
    ],
)
def test_on_the_first_day_an_interest_finds_what_shares_telling_words(
    samples: tuple[Meaning, list[PaperText], list[bytes]], asked: str, first: str
) -> None:
    model, papers, vectors = samples
    found = likeness(vectors, taste.of_text(model.texts([asked])[0], model.usual))
    best = int(np.argmax(found))
    assert papers[best].title.startswith(first)
    assert found[best] >= YOUNG_ENOUGH
    assert sum(each >= YOUNG_ENOUGH for each in found) <= 4


@pytest.mark.parametrize("asked", ["galaxy evolution", "deep learning methods", "the", "強化學習"])
def test_one_common_word_is_not_enough(samples: tuple[Meaning, list[PaperText], list[bytes]], asked: str) -> None:
    model, _, vectors = samples
    assert max(likeness(vectors, taste.of_text(model.texts([asked])[0], model.usual))) < YOUNG_ENOUGH


def test_of_a_text_the_words_that_tell_most_count_and_not_those_that_many_papers_have() -> None:
    others = [PaperText(f"Translation number {number}", "Language as it is.") for number in range(12)]
    others += [PaperText(f"Cake number {number}", "Flour and eggs.") for number in range(28)]
    asked, paper = PaperText("sign language translation"), PaperText("Signs", "A corpus of sign language for everybody.")
    model = Meaning.of_words([*others, paper])
    profile = taste.of_text(next(iter(model.vectors([asked]))), model.usual)
    near, far = likeness(list(model.vectors([paper, others[0]])), profile)
    assert near > 4 * far > 0


def test_an_author_is_worth_the_share_of_what_was_liked_and_never_all() -> None:
    assert taste.noticed([["ada"]]) == {"ada": 2000}
    found = taste.noticed([["ada", "bob"], ["ada"], *[["eve", "eve"]] * 4])
    assert found == {"ada": 2000, "bob": 1000, "eve": taste.MOST_NOTICED}
    assert taste.noticed([["ada"]] * 100) == {"ada": taste.MOST_NOTICED}
