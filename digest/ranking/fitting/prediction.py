"""Takes papers of earlier days and which of them a community listed; gives what tells how likely others are to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from digest.ranking.fitting.meaning import MeaningSpace
from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.prediction import CATEGORIES, DIMENSIONS, Prediction, described, facts
from digest.ranking.record import Example, Listing, Record
from digest.ranking.texts import PaperText
from digest.ranking.trees import Trees

FOLDS = 3
MEANING_OF = 3  # one in so many papers is enough to find directions
TREES: dict[str, Any] = {
    "learning_rate": 0.04,
    "max_iter": 250,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1,
    "random_state": 1,
}
Floats = NDArray[np.float64]


def fitted(examples: Sequence[Example], listings: Sequence[Listing]) -> Prediction | None:
    """Gradient boosting over a score of the words, directions of meaning, the authors' record and plain facts.

    None where there is nothing to tell apart. What was listed is read off `listings` for authors alone.
    """
    listed = np.array([example.listed for example in examples], dtype=int)
    if min(listed.sum(), len(listed) - listed.sum()) < FOLDS:
        return None
    papers = [example.paper for example in examples]
    space = TermSpace.fitted(papers, described)
    terms = space.vectors(papers)
    meaning = MeaningSpace.fitted(space, papers[::MEANING_OF], DIMENSIONS)
    record, categories = Record.of(examples, listings), _common(papers)
    score, text = _text_scores(terms, listed)
    columns = np.column_stack([score, meaning.of(terms), facts(examples, record, categories)])
    trees = HistGradientBoostingClassifier(**TREES).fit(columns, listed)
    return Prediction(
        space.rarity.astype(np.float16),
        text.coef_[0].astype(np.float16),
        float(text.intercept_[0]),
        meaning.columns.astype(np.int32),
        meaning.directions.astype(np.float16),
        categories,
        record,
        kept(trees),
    )


def kept(model: HistGradientBoostingClassifier) -> Trees:
    """The trees of scikit-learn's as plain arrays. Its nodes are no part of its public interface: a test holds these to
    what it tells itself.
    """
    nodes = [trees[0].nodes for trees in model._predictors]
    roots = np.cumsum([0, *(len(each) for each in nodes[:-1])])
    joined = np.concatenate(nodes)
    own = np.arange(len(joined))
    base = np.repeat(roots, [len(each) for each in nodes])
    is_leaf = joined["is_leaf"].astype(bool)
    return Trees(
        roots.astype(np.int32),
        np.where(is_leaf, 0, joined["feature_idx"]).astype(np.int32),
        np.where(is_leaf, 0.0, joined["num_threshold"]).astype(np.float64),
        np.where(is_leaf, own, joined["left"].astype(np.int64) + base).astype(np.int32),
        np.where(is_leaf, own, joined["right"].astype(np.int64) + base).astype(np.int32),
        np.where(is_leaf, joined["value"], 0.0).astype(np.float64),
        float(np.ravel(model._baseline_prediction)[0]),
    )


def _text_scores(terms: sparse.csr_array, listed: NDArray[np.int64]) -> tuple[Floats, Any]:
    """For each paper what a model says that has not seen it, and a model that has seen all."""
    fold = np.arange(len(listed)) % FOLDS
    scores = np.zeros(len(listed))
    for number in range(FOLDS):
        seen = _linear(terms[fold != number], listed[fold != number])
        scores[fold == number] = seen.decision_function(terms[fold == number])
    return scores, _linear(terms, listed)


def _linear(terms: sparse.csr_array, listed: NDArray[np.int64]) -> Any:
    """scikit-learn takes 32-bit indices only."""
    narrow = terms.indices.astype(np.int32), terms.indptr.astype(np.int32)
    matrix = sparse.csr_matrix((terms.data, *narrow), shape=terms.shape)
    return LogisticRegression(C=4, solver="liblinear", dual=True, tol=0.01, max_iter=100).fit(matrix, listed)


def _common(papers: Sequence[PaperText]) -> tuple[str, ...]:
    counts: dict[str, int] = defaultdict(int)
    for paper in papers:
        for category in paper.categories:
            counts[category] += 1
    return tuple(sorted(counts, key=lambda category: (-counts[category], category))[:CATEGORIES])
