"""A paper is withdrawn when it says so of itself, in whatever words; to mention withdrawals is no reason to hide it."""

from __future__ import annotations

import gzip
import json

import pytest

from digest.sources import FetchedPaper
from digest.sources.standing import LONGEST, Standing, standing, unmarked
from digest.sources.tidy import tidy

WITHDRAWN = """
Withdrawn
withdrawn.
[withdrawn]
12 pages, withdrawn
Withdrawn by the author
Withdrawn due to errors in the proof
Withdrawing due to an error in Lemma 2
Withdrawal of this submission requested by the authors
Paper withdrawn due to an error
Manuscript has been withdrawn
The manuscript has been withdrawn from arXiv
This paper has been withdrawn
This paper has unfortunately been withdrawn
This work is withdrawn
This version has been temporarily withdrawn
The paper is being withdrawn for revision
Our paper was withdrawn pending a correction
This paper has been withdrawn by the author due to a crucial error in equation 1
10 pages, 3 figures. This paper has been withdrawn by the authors
This submission has been withdrawn by arXiv administrators due to inappropriate text reuse
arXiv admin note: This submission has been withdrawn due to disputed authorship
arXiv admin note: submission has been withdrawn by arXiv administrators
this article has been removed by arXiv administrators
The authors have withdrawn
The authors have withdrawn this paper
The author has withdrawn this article
The authors wish to withdraw this paper
We withdraw this paper because of a flaw
We are withdrawing the manuscript
We have decided to withdraw this submission
I am withdrawing this paper
""".strip().splitlines()
RETRACTED = """
retracted
Article retracted
This article has been retracted
This preprint has been retracted by its authors
The editors have retracted this article
""".strip().splitlines()
GOOD = """
Withdrawn patients were excluded
Withdrawn from ICLR 2026
Withdrawn consent is hard to honour
Withdrawal symptoms are common
Withdrawing keys makes unlearning fast
Replaces withdrawn arXiv:1234.5678
Resubmission of a withdrawn paper
An earlier version of this paper was withdrawn
The previous version was withdrawn
The first version was withdrawn due to an error, this one is complete
This paper has been withdrawn from NeurIPS 2025 and resubmitted
This study of withdrawn consent
This work studies retracted articles
The paper about withdrawn articles
Paper withdrawal patterns at conferences
Retracted articles keep being cited
Retracted-paper detection with language models
Retraction maps on manifolds, 20 pages
We withdraw heat from the system
We retract the search to its goal
We have withdrawn blood samples from 20 patients
The authors withdraw samples weekly
the withdrawn drug
""".strip().splitlines()
MARKED = """
RETRACTED: On things
Retracted Article: On things
[RETRACTED] On things
On things (Retracted)
Retraction Note: On things
WITHDRAWN: On things
Withdrawn - On things
""".strip().splitlines()
UNMARKED = """
Retracted-paper detection
Retraction maps
Retracted articles: a study
Withdrawn consent
Withdrawn Articles and Retracted Papers
When Do Models Admit Mistakes: Belief in Retraction
""".strip().splitlines()


@pytest.mark.parametrize("said", WITHDRAWN)
def test_a_paper_that_says_it_is_withdrawn_is(said):
    assert standing("A title", said, "") == Standing.WITHDRAWN


@pytest.mark.parametrize("said", RETRACTED)
def test_a_paper_that_says_it_is_retracted_is(said):
    assert standing("A title", said, "") == standing("A title", "", said) == Standing.RETRACTED


@pytest.mark.parametrize("said", [said for said in WITHDRAWN if not said[0].isdigit()])
def test_an_abstract_says_so_in_its_first_sentence(said):
    assert standing("A title", "", f"{said}\n\nWe show that it works.") == Standing.WITHDRAWN
    assert standing("A title", "", f"We show that it works. {said}") == Standing.GOOD


@pytest.mark.parametrize("said", GOOD)
def test_to_mention_withdrawals_hides_no_paper(said):
    assert standing(said, said, said) == Standing.GOOD


@pytest.mark.parametrize("title", MARKED)
def test_a_mark_in_the_title_counts(title):
    assert standing(title, "", "") != Standing.GOOD


@pytest.mark.parametrize("title", [title for title in MARKED if "Note" not in title])
def test_without_its_mark_a_title_is_what_it_was(title):
    assert unmarked(title) == "On things"


@pytest.mark.parametrize("title", [*UNMARKED, "Retraction Note: On things", "Withdrawn:"])
def test_no_other_title_loses_a_word(title):
    assert unmarked(title) == title


@pytest.mark.parametrize("title", UNMARKED)
def test_a_title_that_only_begins_so_does_not(title):
    assert standing(title, "", "") == Standing.GOOD


def test_what_was_found_is_in_the_paper():
    paper = tidy(FetchedPaper(title="RETRACTED: On things"))
    assert (paper.is_withdrawn, paper.is_retracted) == (True, True)
    paper = tidy(FetchedPaper(title="On things", comment="Withdrawn"))
    assert (paper.is_withdrawn, paper.is_retracted) == (True, False)


def test_no_text_takes_long():
    for piece in ("this ", "the authors ", "have ", "only ", "withdrawn ", "(", "withdrawn. "):
        assert standing(piece * 40, piece * 400, piece * 4000) in Standing
    assert LONGEST <= 500


@pytest.mark.shared_data
def test_none_of_54_002_real_papers_is_hidden_by_a_mere_mention(shared_data):
    """All 25 that mention withdrawing or retracting were read: they are about something else."""
    mentions = 0
    with gzip.open(shared_data / "eval/arxiv.jsonl.gz") as lines:
        for line in lines:
            if b"ithdr" not in line and b"etract" not in line:
                continue
            mentions += 1
            paper = json.loads(line)
            assert standing(paper["title"], paper.get("comment") or "", paper["abstract"]) == Standing.GOOD, paper["id"]
    assert mentions == 25
