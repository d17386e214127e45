"""What a paper's other words say of a topic: learned from the papers that surely are about it, calibrated, stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from digest.errors import ModelError
from digest.ranking import PaperText, TopicProfile, topic_relevance
from digest.ranking.context import Context
from digest.ranking.fitting.context import fitted
from digest.ranking.stored import packed
from digest.ranking.table import RELEVANT

SAFETY = TopicProfile("safety", ["cs.CY"], ["alignment", "jailbreak"], "Safety")
ABOUT = ["refusal and harmful prompts", "values and people", "oversight, assistants", "red teams and honest answers"]
ELSEWHERE = ["crystals and solvents", "galaxies and dust", "protein sequences", "radio antennas and beams"]
ODD = [PaperText(""), PaperText("学习", "强化学习 " * 5000), PaperText("a" * 50_000), PaperText("...", "!?")]


def corpus() -> list[PaperText]:
    """Two hundred papers of safety, of which half say alignment; two hundred of elsewhere, of which one in ten does."""
    papers = []
    for number in range(200):
        word = ("Alignment", "Jailbreak")[number % 2]
        papers.append(PaperText(f"{word} {number}", f"We study {ABOUT[number % 4]}.", ("cs.CY",), "cs.CY"))
        title = f"Alignment {number}" if number % 10 == 0 else f"Measurement {number}"
        papers.append(PaperText(title, f"We study {ELSEWHERE[number % 4]}.", ("physics",), "physics"))
    return papers


def shares(context: Context, papers: Sequence[PaperText], topic: TopicProfile = SAFETY) -> list[float]:
    told: list[float] = topic_relevance(papers, [topic], context.log_odds(papers, [topic.slug]))[:, 0].tolist()
    return told


def test_a_keyword_stops_catching_what_it_does_not_mean() -> None:
    context = fitted(corpus(), [SAFETY])
    papers = [PaperText("Alignment and assistants", ABOUT[0]), PaperText("Alignment and galaxies", ELSEWHERE[1])]
    assert min(topic_relevance(papers, [SAFETY])[:, 0]) >= RELEVANT  # by keywords alone both are about it
    meant, not_meant = shares(context, papers)
    assert meant > 0.5 > RELEVANT > not_meant


def test_words_alone_never_take_a_paper_out_of_what_both_category_and_keyword_hold() -> None:
    context = fitted(corpus(), [SAFETY])
    (share,) = shares(context, [PaperText("Alignment", ABOUT[1], ("cs.CY",), "cs.CY")])
    assert share >= RELEVANT


def test_a_topic_works_by_its_name_alone_and_improves_with_a_seed() -> None:
    told = [PaperText("Galaxies and their dust", f"We see {ELSEWHERE[1]} with telescopes {n}.") for n in range(40)]
    quiet = PaperText("With telescopes", "dust is seen")
    named = TopicProfile("space", name="Galaxies")
    context = fitted([*corpus(), *told], [named])
    paper, other = shares(context, [quiet, PaperText("Antennas", ELSEWHERE[3])], named)
    assert paper > other
    # An odd subject of the field, which the name does not bring to mind: a seed does.
    unseen = PaperText("Telescopes for gravitational lensing", "lensing of quasars")
    seeded = TopicProfile("space", name="Galaxies", seeds=[PaperText("Gravitational lensing", "lensing of quasars")])
    more = [PaperText(f"Lensing {n}", "gravitational lensing of quasars") for n in range(6)]
    before = shares(fitted([*corpus(), *told, *more], [named]), [unseen], named)
    after = shares(fitted([*corpus(), *told, *more], [seeded]), [unseen], seeded)
    assert after > before


def test_a_topic_s_model_depends_on_no_other_topic() -> None:
    others = TopicProfile("space", ["physics"], ["galaxies"])
    alone, among = fitted(corpus(), [SAFETY]), fitted(corpus(), [others, SAFETY])
    papers = corpus()[:20]
    np.testing.assert_allclose(alone.log_odds(papers, ["safety"]), among.log_odds(papers, ["safety"]))


def test_what_is_told_is_what_is_told_after_storing_and_unknown_topics_go_by_what_is_found() -> None:
    context = fitted(corpus(), [SAFETY])
    again = Context.from_bytes(context.as_bytes())
    papers = corpus()[:10]
    np.testing.assert_array_equal(again.log_odds(papers, ["safety"]), context.log_odds(papers, ["safety"]))
    fresh = TopicProfile("fresh", ["cs.CY"])
    told = topic_relevance(papers, [fresh], again.log_odds(papers, ["fresh"]))
    np.testing.assert_array_equal(told, topic_relevance(papers, [fresh]))


def test_damaged_bytes_and_other_makes_are_refused() -> None:
    context = fitted(corpus(), [SAFETY])
    arrays = {name: getattr(context, name) for name in ("columns", "rarity", "words", "offsets")}
    for data in (
        b"nothing",
        context.as_bytes()[:-100],
        packed(arrays, {"kind": "context", "format": 99, "slugs": ["safety"]}),
        packed(arrays, {"kind": "context", "format": 1, "slugs": ["safety", "more"]}),
        packed(arrays, {"kind": "context", "format": 1}),
        packed({**arrays, "columns": arrays["columns"][::-1]}, {"kind": "context", "format": 1, "slugs": ["safety"]}),
    ):
        with pytest.raises(ModelError):
            Context.from_bytes(data)


@pytest.mark.parametrize("papers", [[], ODD[:1], ODD, [PaperText("same")] * 30])
def test_odd_corpora_and_topics_give_numbers(papers: list[PaperText]) -> None:
    topics = [TopicProfile("", name=""), TopicProfile("zh", name="机器人"), SAFETY, TopicProfile("x", seeds=ODD)]
    context = fitted(papers, topics)
    asked = [*ODD, *corpus()[:2]]
    told = topic_relevance(asked, topics, context.log_odds(asked, [topic.slug for topic in topics]))
    assert np.isfinite(told).all()
    assert ((told >= 0) & (told <= 1)).all()
