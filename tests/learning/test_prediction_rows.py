"""Predictions as rows: learned from our own rows, measured on days they did not see, off where they are no good."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from digest import editions, learning
from digest.errors import ModelError
from digest.learning import corpus, fitting, keeping, quality
from digest.models import EditionPaper, Listing, ModelKind, Paper, RankingModelData
from digest.ranking.fitting import prediction
from tests.factories import NOW, PaperFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_papers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_EXAMPLES", 200)
    monkeypatch.setattr(fitting, "LEAST_LISTED", 20)
    monkeypatch.setattr(quality, "LEAST_LISTED", 5)
    keeping._opened.cache_clear()
    monkeypatch.setitem(prediction.TREES, "max_iter", 20)


def stored(luck: float) -> list[Paper]:
    """Forty days of ten papers; those about robots are listed, with some `luck` others instead."""
    community = SourceFactory(kind="huggingface_daily")
    dice = np.random.default_rng(7)
    rows = []
    for count in range(400):
        is_robot, day = bool(count % 3 == 0), NOW - timedelta(days=40 - count // 10)
        paper = PaperFactory(
            title=f"{'Walking robots' if is_robot else 'Baking cakes'} {count}",
            abstract="Legged locomotion with torque." if is_robot else "Ovens, flour and sugar.",
            categories=["cs.RO"],
            first_seen_at=day,
            published_at=day,
        )
        rows.append(paper)
        if is_robot != (dice.random() < luck):
            listed = day + timedelta(days=1)
            Listing.objects.create(paper=paper, source=community, listed_on=listed.date(), first_seen_at=listed)
    return rows


def test_it_is_learned_from_rows_measured_out_of_time_and_part_of_the_next_edition() -> None:
    stored(luck=0.05)
    model = learning.fit(ModelKind.PREDICTION, NOW)
    assert model.is_in_use
    assert model.quality["auc"] > 0.8
    assert sum(band[2] for band in model.quality["told"]) == model.quality["papers"]
    fresh = {
        title: PaperFactory(title=title, abstract=abstract, categories=["cs.RO"], first_seen_at=NOW).pk
        for title, abstract in (("Walking robots 999", "Legged locomotion"), ("Baking cakes 999", "Ovens and flour"))
    }
    edition = editions.build("daily", NOW.date(), NOW)
    assert edition.prediction == model
    told = dict(EditionPaper.objects.filter(edition=edition).values_list("paper", "prediction"))
    robot, cake = (told[pk] for pk in fresh.values())
    assert robot > 0.5 > cake
    listed = set(Listing.objects.values_list("paper", flat=True)) & set(told)
    assert listed
    assert {told[pk] for pk in listed} == {0.0}
    entries = {each.paper.pk: dict(each.parts) for each in editions.ranked_entries(edition)}
    assert entries[fresh["Walking robots 999"]]["prediction"] == pytest.approx(0.08 * robot, abs=1e-4)


def test_what_was_told_of_a_paper_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stored(luck=0.05)
    learning.fit(ModelKind.PREDICTION, NOW)
    editions.build("daily", NOW.date(), NOW)
    asked: list[int] = []
    monkeypatch.setattr(
        "digest.ranking.prediction.Prediction.probabilities",
        lambda self, examples: asked.extend(range(len(examples))) or np.zeros(len(examples)),
    )
    editions.build("daily", NOW.date(), NOW + timedelta(minutes=10))
    assert asked == []


def test_one_that_is_no_better_than_chance_is_off_and_so_is_the_one_before() -> None:
    stored(luck=0.05)
    learning.fit(ModelKind.PREDICTION, NOW)
    Listing.objects.all().delete()
    Paper.objects.all().delete()
    stored(luck=0.5)
    model = learning.fit(ModelKind.PREDICTION, NOW)
    assert model.quality["auc"] < 0.6
    assert learning.current(ModelKind.PREDICTION) is None
    PaperFactory(first_seen_at=NOW)
    assert editions.build("daily", NOW.date(), NOW).prediction is None


def test_too_few_listings_are_no_prediction() -> None:
    PaperFactory.create_batch(3)
    assert not fitting.enough(ModelKind.PREDICTION, NOW)
    with pytest.raises(ModelError, match="0 of them listed"):
        learning.fit(ModelKind.PREDICTION, NOW)


def test_a_damaged_row_is_done_without(caplog: pytest.LogCaptureFixture) -> None:
    stored(luck=0.05)
    learning.fit(ModelKind.PREDICTION, NOW)
    RankingModelData.objects.update(data=b"PK")
    assert editions.build("daily", NOW.date(), NOW).prediction is None
    assert "is done without" in caplog.text


def test_papers_of_the_last_week_and_those_of_the_list_alone_are_no_examples() -> None:
    papers = stored(luck=0.05)
    Paper.objects.filter(pk=papers[0].pk).update(categories=[], primary_category="")
    examples, listings = corpus.examples(NOW)
    assert max(example.day for example in examples) == (NOW - timedelta(days=7)).date()
    assert papers[0].title not in {example.paper.title for example in examples}
    assert papers[0].title in {listing.paper.title for listing in listings}
    later, _ = corpus.examples(NOW - timedelta(days=20))
    assert max(example.day for example in later) == (NOW - timedelta(days=27)).date()
