"""Takes a kind of model and the moment; fits one on the papers there are, and stores it as the version in use."""

from __future__ import annotations

import time
from datetime import datetime

from digest.errors import ModelError
from digest.learning import corpus
from digest.learning.keeping import keep
from digest.models import ModelKind, RankingModel
from digest.ranking import meaning

# Of fewer papers, which a few days of arXiv bring, directions say little.
LEAST_PAPERS = 1000


def fit(kind: str, now: datetime) -> RankingModel:
    """A new version, in use. `ModelError` where there is too little to fit it on. Imports scipy: in a process that may
    be heavy.
    """
    return FITS[ModelKind(kind)](now)


def _fit_meaning(now: datetime) -> RankingModel:
    from digest.ranking.fitting.meaning import fitted

    began = time.process_time()
    days = list(corpus.papers(now).values_list("first_seen_at", flat=True))
    if len(days) < LEAST_PAPERS:
        raise ModelError(f"there are {len(days)} papers, and {LEAST_PAPERS} are needed")
    data = fitted(corpus.texts(now)).as_bytes()
    return keep(
        RankingModel(
            kind=ModelKind.MEANING,
            format=meaning.FORMAT,
            papers=len(days),
            corpus_from=min(days).date(),
            corpus_until=max(days).date(),
            fitted_at=now,
            seconds=round(time.process_time() - began, 1),
        ),
        data,
    )


FITS = {ModelKind.MEANING: _fit_meaning}
