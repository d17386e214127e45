"""Near-duplicates of a pool: told by words, by the same authors sooner, and never by a chain."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.siblings import ALONE, siblings
from digest.ranking.texts import PaperText

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "eval" / "arxiv.jsonl.gz"
ABSTRACT = (
    "Large language models read charts poorly. We test whether they know the principles of good visualisation, with a"
    " suite of questions on axes, colour scales and encodings, and find that they spot violations and cannot mend them."
)
OTHER = (
    "We prove a lower bound for the sample complexity of offline reinforcement learning with linear value functions and"
    " give an algorithm that matches it up to logarithms under partial coverage of the data."
)
FILLERS = [
    PaperText(f"On {word}s", f"A {word} is studied here; the {word} of each {word} is bounded by that of its {word}.")
    for word in ("lattice", "robot", "galaxy", "protein", "grammar", "sensor", "market", "antenna", "monsoon", "proof")
]


def test_a_report_and_its_other_form_are_siblings_and_others_are_alone() -> None:
    first = PaperText("Do language models understand visualisation principles?", ABSTRACT)
    second = PaperText("Do language models understand visualisation rules?", ABSTRACT.replace("principles", "rules"))
    papers = [*FILLERS, first, PaperText("Offline RL needs coverage", OTHER), second]
    assert siblings(papers) == [ALONE] * 10 + [10, ALONE, 10]


def test_the_same_authors_need_be_less_alike() -> None:
    half = " ".join(ABSTRACT.split()[:14])
    papers = [*FILLERS, PaperText("Charts", ABSTRACT), PaperText("Axes", f"{half} {OTHER}")]
    assert siblings(papers) == [ALONE] * 12
    signed = [PaperText(each.title, each.abstract, authors=("Ada Lovelace",)) for each in papers[10:]]
    assert siblings([*FILLERS, *signed]) == [ALONE] * 10 + [10, 10]


def test_all_of_a_group_are_near_its_first_and_no_chain_joins_what_is_far_apart() -> None:
    words = [f"word{number:02}" for number in range(60)]
    chain = [PaperText("", " ".join(words[start : start + 20])) for start in (0, 8, 16, 24)]
    groups = siblings([*FILLERS, *chain])[10:]
    assert groups[0] == groups[1] == 10
    assert groups[2] != 10


@given(st.lists(st.builds(PaperText, st.text(max_size=30), st.text(max_size=80)), max_size=8))
def test_whatever_papers_say_each_group_has_two_or_more_and_begins_with_its_first(papers: list[PaperText]) -> None:
    firsts = siblings(papers)
    for place, first in enumerate(firsts):
        assert first == ALONE or (first <= place and firsts[first] == first and firsts.count(first) > 1)


def test_on_recorded_days_near_duplicates_are_few_and_of_the_same_authors() -> None:
    if not RECORDED.exists():
        pytest.skip(f"there are no recorded papers in {RECORDED}")
    with gzip.open(RECORDED, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    last = max(row["first_day"] for row in rows)
    day = [row for row in rows if row["first_day"] == last]
    papers = [PaperText(row["title"], row["abstract"], authors=tuple(row["authors"])) for row in day]
    again = PaperText(papers[0].title.upper(), papers[0].abstract, authors=papers[0].authors)
    dice = random.Random(1)
    mixed = dice.sample(papers[1:], len(papers) - 1)
    firsts = siblings([papers[0], *mixed, again])
    assert firsts[-1] == firsts[0] == 0
    assert sum(first != ALONE for first in firsts) - 2 <= len(papers) / 50
