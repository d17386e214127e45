"""Takes a kind of model and the moment; fits one on the papers there are, and stores it as the version in use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice

from digest.errors import ModelError
from digest.learning import corpus, quality
from digest.learning.about import offered
from digest.learning.keeping import keep
from digest.models import ModelKind, RankingModel
from digest.ranking import PaperText, context, meaning, prediction
from digest.ranking.meaning import Meaning

# Of fewer papers, which a few days of arXiv bring, directions say little: of these a model knows the words alone.
LEAST_PAPERS = 1000
# A prediction is learned from a month of arXiv at least, and so many of its papers must have been listed.
LEAST_EXAMPLES = 3000
LEAST_LISTED = 150


def enough(kind: str, now: datetime) -> bool:
    """Whether there is enough to fit it on; two cheap queries at most."""
    if kind == ModelKind.PREDICTION:
        return corpus.has(LEAST_EXAMPLES, now) and corpus.has_listed(LEAST_LISTED, now)
    return corpus.has(LEAST_PAPERS if kind == ModelKind.CONTEXT else 1, now)


def fit(kind: str, now: datetime) -> RankingModel:
    """A new version, in use. `ModelError` where there is too little to fit it on. Imports scipy: in a process that may
    be heavy.
    """
    return FITS[ModelKind(kind)](now)


def first_words(now: datetime) -> RankingModel | None:
    """A model of meaning that knows the words of the newest papers alone, for who cannot wait for one: it takes two
    seconds at most. None where there is no paper.
    """
    return _kept_meaning(now, Meaning.of_words, LEAST_PAPERS - 1) if corpus.papers(now).exists() else None


def _fit_meaning(now: datetime) -> RankingModel:
    if not corpus.has(LEAST_PAPERS, now):
        found = first_words(now)
        if found is None:
            raise ModelError("there are no papers")
        return found
    from digest.ranking.fitting.meaning import fitted

    return _kept_meaning(now, fitted, corpus.MOST_PAPERS)


def _kept_meaning(now: datetime, fitted: Callable[[Iterable[PaperText]], Meaning], most: int) -> RankingModel:
    began = time.process_time()
    days = list(corpus.papers(now)[:most].values_list("first_seen_at", flat=True))
    data = fitted(islice(corpus.texts(now), most)).as_bytes()
    return keep(_row(ModelKind.MEANING, days, now, began), data)


def _corpus_days(now: datetime) -> list[datetime]:
    days = list(corpus.papers(now).values_list("first_seen_at", flat=True))
    if len(days) < LEAST_PAPERS:
        raise ModelError(f"there are {len(days)} papers, and {LEAST_PAPERS} are needed")
    return days


def _row(kind: ModelKind, days: Sequence[datetime], now: datetime, began: float) -> RankingModel:
    return RankingModel(
        kind=kind,
        format=FORMATS[kind],
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
        format=FORMATS[ModelKind.PREDICTION],
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
    return keep(_row(ModelKind.CONTEXT, days, now, began), model.as_bytes())


# What this release reads and writes.
FORMATS = {
    ModelKind.MEANING: meaning.FORMAT,
    ModelKind.PREDICTION: prediction.FORMAT,
    ModelKind.CONTEXT: context.FORMAT,
}
FITS = {ModelKind.MEANING: _fit_meaning, ModelKind.PREDICTION: _fit_prediction, ModelKind.CONTEXT: _fit_context}
