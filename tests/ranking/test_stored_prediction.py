"""What is kept of a prediction tells what the fit told, survives storing, and damaged bytes are refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from digest.errors import ModelError
from digest.ranking import WEIGHTS, table
from digest.ranking.fitting import prediction
from digest.ranking.prediction import Prediction
from digest.ranking.record import Listing
from digest.ranking.stored import packed, unpacked
from tests.ranking.test_models import examples


@pytest.fixture(scope="module")
def model() -> Prediction:
    known = examples()
    fitted = prediction.fitted(known, [Listing(each.paper, each.day) for each in known if each.listed])
    assert fitted
    return fitted


def test_kept_trees_tell_what_the_library_s_tell() -> None:
    dice = np.random.default_rng(5)
    columns = dice.normal(size=(800, 6))
    listed = (columns[:, 0] * columns[:, 1] + dice.normal(size=800) > 0.5).astype(int)
    trees = HistGradientBoostingClassifier(**prediction.TREES).fit(columns, listed)
    asked = dice.normal(size=(300, 6)) * 3
    told = prediction.kept(trees).probabilities(asked)
    assert told == pytest.approx(trees.predict_proba(asked)[:, 1], abs=1e-12)
    assert told.std() > 0.1


def test_a_prediction_read_back_tells_the_same(model: Prediction) -> None:
    again = Prediction.from_bytes(model.as_bytes())
    assert np.array_equal(again.probabilities(examples()), model.probabilities(examples()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trees_left", lambda left: left * 0),  # in circles
        ("trees_feature", lambda feature: feature + 10_000),
        ("trees_value", lambda value: value * np.nan),
        ("papers_starts", lambda starts: starts[::-1].copy()),
        ("rarity", lambda rarity: rarity[:-1]),
        ("columns", lambda columns: columns[::-1].copy()),
    ],
)
def test_damaged_arrays_are_refused(model: Prediction, name: str, value) -> None:
    arrays, facts = unpacked(model.as_bytes())
    with pytest.raises(ModelError):
        Prediction.from_bytes(packed(arrays | {name: value(arrays[name])}, facts))


def test_bytes_that_are_no_model_are_refused(model: Prediction) -> None:
    data = model.as_bytes()
    for broken in (b"", b"PK", data[:-50], data[: len(data) // 2], data.replace(b"PK", b"XX")):
        with pytest.raises(ModelError):
            Prediction.from_bytes(broken)


def test_to_be_sure_of_a_listing_never_crowds_out_a_topic() -> None:
    relevance = [[0.5], [0.3], [0.0]]
    rows = table(["robotics"], relevance, [0, 0, 0], [0, 0, 0], [0, 0, 0], prediction=[0.0, 0.0, 1.0])
    assert [name for name, _ in rows.explained(2)[1]] == ["prediction"]
    assert rows.explained(2)[0] == WEIGHTS.prediction
    assert not rows.notable.any()
    least = WEIGHTS.topic * 0.3
    assert WEIGHTS.prediction < least


def test_where_nothing_is_predicted_there_is_no_part() -> None:
    assert len(table([], np.zeros((2, 0)), [0, 0], [0, 0], [0, 0], prediction=[0, 0]).common) == 2
