"""Takes a kind of model and the moment; fits one on the papers there are, and stores it as the version in use."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from digest.errors import ModelError
from digest.learning import corpus, quality
from digest.learning.about import offered
from digest.learning.keeping import keep
from digest.models import ModelKind, RankingModel
from digest.ranking import context, meaning, prediction

# Of fewer papers, which a few days of arXiv bring, directions say little.
LEAST_PAPERS = 1000
# A prediction is learned from a month of arXiv at least, and so many of its papers must have been listed.
LEAST_EXAMPLES = 3000
LEAST_LISTED = 150


def enough(kind: str, now: datetime) -> bool:
    """Whether there is enough to fit it on; two cheap queries at most."""
    if kind == ModelKind.PREDICTION:
        return corpus.has(LEAST_EXAMPLES, now) and corpus.has_listed(LEAST_LISTED, now)
    return corpus.has(LEAST_PAPERS, now)


def fit(kind: str, now: datetime) -> RankingModel:
    """A new version, in use. `ModelError` where there is too little to fit it on. Imports scipy: in a process that may
    be heavy.
    """
    return FITS[ModelKind(kind)](now)


def _fit_meaning(now: datetime) -> RankingModel:
    from digest.ranking.fitting.meaning import fitted

    began = time.process_time()
    days = _corpus_days(now)
    data = fitted(corpus.texts(now)).as_bytes()
    return keep(_row(ModelKind.MEANING, meaning.FORMAT, days, now, began), data)


def _corpus_days(now: datetime) -> list[datetime]:
    days = list(corpus.papers(now).values_list("first_seen_at", flat=True))
    if len(days) < LEAST_PAPERS:
        raise ModelError(f"there are {len(days)} papers, and {LEAST_PAPERS} are needed")
    return days


def _row(kind: str, form: int, days: Sequence[datetime], now: datetime, began: float) -> RankingModel:
    return RankingModel(
        kind=kind,
        format=form,
        papers=len(days),
        corpus_from=min(days).date(),
        corpus_until=max(days).date(),
        fitted_at=now,
        seconds=round(time.process_time() - began, 1),
    )


def _fit_prediction(now: datetime) -> RankingModel:
    """Twice: without the newest fortnight, to see on it what the model is good for, and with it."""
    from digest.ranking.fitting.prediction import fitted

    began = time.process_time()
    examples, listings = corpus.examples(now)
    listed = sum(example.listed for example in examples)
    if len(examples) < LEAST_EXAMPLES or listed < LEAST_LISTED:
        needed = f"{LEAST_EXAMPLES} and {LEAST_LISTED} are needed"
        raise ModelError(f"there are {len(examples)} papers, {listed} of them listed, and {needed}")
    found = quality.measured(fitted, examples, listings)
    model = fitted(examples, listings)
    if model is None:
        raise ModelError("there is nothing to tell apart")
    row = RankingModel(
        kind=ModelKind.PREDICTION,
        format=prediction.FORMAT,
        papers=len(examples),
        corpus_from=examples[0].day,
        corpus_until=examples[-1].day,
        fitted_at=now,
        seconds=round(time.process_time() - began, 1),
        quality=found,
    )
    return keep(row, model.as_bytes(), use=quality.is_good(found))


def _fit_context(now: datetime) -> RankingModel:
    from digest.ranking.fitting.context import fitted

    began = time.process_time()
    topics = offered(with_seeds=True)
    days = _corpus_days(now)
    model = fitted(corpus.texts(now), topics)
    if not model.slugs:
        raise ModelError("there is no topic that the papers tell anything of")
    return keep(_row(ModelKind.CONTEXT, context.FORMAT, days, now, began), model.as_bytes())


FITS = {ModelKind.MEANING: _fit_meaning, ModelKind.PREDICTION: _fit_prediction, ModelKind.CONTEXT: _fit_context}
