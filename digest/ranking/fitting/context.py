"""Takes a corpus and topics; gives what each word says of each topic, though nobody said which papers belong to it.

Weak supervision: papers that are surely about a topic, by what its categories, keywords, seeds and name say together,
stand against the others. What they have in common beyond that tells which of the unsure ones are meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from digest.ranking.context import Context
from digest.ranking.fitting.meaning import MeaningSpace
from digest.ranking.fitting.spaces import TermSpace
from digest.ranking.terms import column, plain_words
from digest.ranking.texts import PaperText
from digest.ranking.topics import Findings, TopicProfile, findings, tokens

MOST_SURE = 6000
OTHERS = 12_000
# With fewer sure papers a topic is known by those nearest to its name and its seeds; of a small corpus, a quarter.
LEAST_SURE = 30
NEAREST = 200
LEAST_PART = 4
NAMED = 0.4  # what the words of a name say, beside nearness in meaning
SEED_COUNTS = 10
SURE_ENOUGH = 0.3
SEED = 1
Shares = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Examples:
    """Rows, which of them are about the topic, and how much each counts."""

    rows: sparse.csr_matrix
    is_about: NDArray[np.bool_]
    counts: Shares


def fitted(corpus: Iterable[PaperText], topics: Sequence[TopicProfile]) -> Context:
    """Topics of which nothing in the corpus tells are left out: they go by what is found."""
    papers = list(corpus)
    space, vectors = TermSpace.with_vectors(papers, plain_words)
    meaning = MeaningSpace.of_vectors(space, vectors)
    found = findings(papers, topics)
    places = meaning.of(vectors)
    words = _narrowed(vectors, meaning.columns)
    models = {}
    for number, topic in enumerate(topics):
        aim = meaning.profile([PaperText(topic.name, topic.description), *topic.seeds])
        seeds = _narrowed(space.vectors(topic.seeds), meaning.columns)
        examples = _with_seeds(_examples(topic, _column(found, number), places @ aim, words), seeds)
        _forget(examples.rows, np.isin(meaning.columns, _words_of_keywords(topic)))
        if model := _linear(examples):
            models[topic.slug] = model
    return Context(
        tuple(models),
        meaning.columns.astype(np.int32),
        space.rarity[meaning.columns],
        np.stack([words for words, _ in models.values()], axis=1).astype(np.float16)
        if models
        else np.zeros((len(meaning.columns), 0), dtype=np.float16),
        np.array([offset for _, offset in models.values()], dtype=np.float32),
    )


def _words_of_keywords(topic: TopicProfile) -> list[int]:
    """Their columns. They made the examples, so of course these have them, and they have counted; what is asked is
    whether the others are such papers' words, too.
    """
    return [column(word) for keyword in topic.keywords for word in tokens(keyword)]


def _forget(rows: sparse.csr_matrix, places: NDArray[np.bool_]) -> None:
    rows.data[places[rows.indices]] = 0


def _column(found: Findings, number: int) -> Findings:
    return Findings(found.by_category[:, number], found.by_keyword[:, number], found.is_excluded[:, number])


def _examples(topic: TopicProfile, found: Findings, near: NDArray[np.float32], words: sparse.csr_matrix) -> _Examples:
    belief = np.where(found.is_excluded, 0.0, found.belief)
    sure = _sure(topic, found, belief + near / 100)
    if len(sure) < LEAST_SURE:
        nearness = np.where(found.is_excluded, -1.0, near + NAMED * found.by_keyword)
        order = np.argsort(-nearness, kind="stable")
        size = min(NEAREST, len(order) // LEAST_PART)
        sure, unsure = order[:size], order[size : min(size * 5, len(order) // 2)]
        belief[unsure] = 1.0  # they may be about it or not: they do not count
    rest = np.flatnonzero(~np.isin(np.arange(len(belief)), sure))
    if len(rest) > OTHERS:
        rest = np.random.default_rng(SEED).choice(rest, OTHERS, replace=False)
    counts = np.concatenate([np.ones(len(sure)), 1 - belief[rest]])
    is_about = np.arange(len(counts)) < len(sure)
    return _Examples(words[np.concatenate([sure, rest])], is_about, counts)


def _sure(topic: TopicProfile, found: Findings, rank: Shares) -> Places:
    """The best of those of which everything that is known of the topic speaks."""
    agreed = ~found.is_excluded & (found.belief >= SURE_ENOUGH)
    if topic.keywords:
        agreed &= found.by_keyword > 0
    if topic.all_categories:
        agreed &= found.by_category > 0
    elif not topic.keywords:
        return np.zeros(0, dtype=np.intp)  # a name's words are no sign by themselves
    places = np.flatnonzero(agreed)
    return places[np.argsort(-rank[places], kind="stable")[:MOST_SURE]]


def _with_seeds(examples: _Examples, seeds: sparse.csr_matrix) -> _Examples:
    if not seeds.shape[0]:
        return examples
    few = np.ones(seeds.shape[0])
    return _Examples(
        sparse.vstack([examples.rows, seeds], format="csr"),
        np.concatenate([examples.is_about, few.astype(bool)]),
        np.concatenate([examples.counts, few * SEED_COUNTS]),
    )


def _linear(examples: _Examples) -> tuple[Shares, float] | None:
    """What each word says, and the offset, in log odds where papers that are about the topic and others are as many.

    Told on examples that it did not see by a model of the other half (Platt scaling), as one is always surer of those
    that it saw.
    """
    is_about, counts = examples.is_about, _balanced(examples)
    half = np.arange(len(counts)) % 2 == 0
    sides = [is_about[half].any(), is_about[~half].any(), (~is_about[half]).any(), (~is_about[~half]).any()]
    if not examples.rows.shape[1] or not all(sides) or not counts[~is_about].sum():
        return None
    seen = _regression(examples.rows[half], is_about[half], counts[half])
    told = seen.decision_function(examples.rows[~half]).reshape(-1, 1)
    scale = LogisticRegression(C=1.0).fit(told, is_about[~half], counts[~half])
    whole = _regression(examples.rows, is_about, counts)
    slope = max(0.0, float(scale.coef_[0, 0]))
    return whole.coef_[0] * slope, float(whole.intercept_[0] * slope + scale.intercept_[0])


def _regression(rows: sparse.csr_matrix, is_about: NDArray[np.bool_], counts: Shares) -> LogisticRegression:
    model = LogisticRegression(solver="liblinear", dual=True, tol=0.01, max_iter=100, random_state=SEED)
    return model.fit(rows, is_about, counts)


def _balanced(examples: _Examples) -> Shares:
    """Both sides count as much, and an example counts one on average."""
    about = examples.counts[examples.is_about].sum()
    others = examples.counts[~examples.is_about].sum()
    each = (about + others) / 2
    balanced: Shares = examples.counts * np.where(examples.is_about, each / max(about, 1e-9), each / max(others, 1e-9))
    return balanced


def _narrowed(vectors: sparse.csr_array, columns: NDArray[np.int64]) -> sparse.csr_matrix:
    """Those columns alone, each row of length one again, with 32-bit indices: scikit-learn takes no others."""
    few = vectors[:, columns].tocsr()
    lengths = np.sqrt(np.asarray(few.multiply(few).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    data = few.data / np.repeat(lengths, np.diff(few.indptr))
    return sparse.csr_matrix((data, few.indices.astype(np.int32), few.indptr.astype(np.int32)), shape=few.shape)
