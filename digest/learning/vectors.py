"""Takes papers and texts; gives their vectors by a model of meaning. Where something is sent, stored ones are read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from digest.learning.keeping import opened
from digest.models import Paper, PaperVector, RankingModel
from digest.ranking import terms, text_of
from digest.ranking.meaning import Meaning, of_papers
from digest.ranking.taste import Usual
from digest.ranking.texts import COLUMNS
from digest.ranking.vectors import is_whole

BATCH = 500
NOTHING_USUAL: Usual = np.zeros(terms.COLUMNS, dtype=np.float16)


def of(model: RankingModel, papers: Collection[int]) -> dict[int, bytes]:
    """The stored vectors by paper's id; nothing is computed, absent ones are left out. One query for each thousand of
    papers.
    """
    found: dict[int, bytes] = {}
    ids = list(papers)
    for start in range(0, len(ids), 1000):
        rows = PaperVector.objects.filter(model=model, paper__in=ids[start : start + 1000])
        found |= {paper: bytes(vector) for paper, vector in rows.values_list("paper", "vector")}
    return {paper: vector for paper, vector in found.items() if is_whole(vector)}


def ensured(model: RankingModel, papers: Collection[int]) -> dict[int, bytes]:
    """The same, with those that are absent computed and stored; ids of no paper are left out."""
    found = of(model, papers)
    absent = [paper for paper in papers if paper not in found]
    meaning = opened(model, Meaning.from_bytes) if absent else None
    if meaning is None:
        return found
    rows = Paper.objects.filter(pk__in=absent).order_by("pk").only(*COLUMNS)
    made = dict(of_papers(meaning, ((paper.pk, text_of(paper)) for paper in rows.iterator(BATCH))))
    fresh = [PaperVector(model=model, paper_id=paper, vector=vector) for paper, vector in made.items()]
    PaperVector.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    return found | made


def of_texts(model: RankingModel, texts: Sequence[str]) -> list[bytes]:
    """Empty ones where the model cannot be read."""
    meaning = opened(model, Meaning.from_bytes)
    return meaning.texts(texts) if meaning else [b""] * len(texts)


def usual_in(model: RankingModel) -> Usual:
    """What papers have of each term, as a mean; nought where the model cannot be read."""
    meaning = opened(model, Meaning.from_bytes)
    return meaning.usual if meaning else NOTHING_USUAL
