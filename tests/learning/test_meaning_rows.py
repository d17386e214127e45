"""Models of meaning as rows: versions, vectors of papers and texts, damaged rows, editions that name them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from digest import editions, learning
from digest.errors import ModelError
from digest.learning import fitting, keeping, vectors
from digest.models import EditionPaper, ModelKind, Paper, PaperVector, RankingModel, RankingModelData
from digest.papers import relations
from digest.ranking.meaning import FORMAT, Meaning
from digest.ranking.stored import packed
from digest.ranking.vectors import DIMENSIONS, is_whole, meaning_of, terms_of
from tests.factories import NOW, EditionFactory, PaperFactory

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def few_papers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_PAPERS", 20)
    keeping._opened.cache_clear()


@pytest.fixture
def papers() -> list[Paper]:
    seen = NOW - timedelta(hours=3)
    robots = [
        PaperFactory(title=f"Walking robots {n}", abstract="Legged locomotion with torque.", first_seen_at=seen)
        for n in range(12)
    ]
    cakes = [
        PaperFactory(title=f"Baking cakes {n + 50}", abstract="Ovens, flour and sugar.", first_seen_at=seen)
        for n in range(12)
    ]
    return [*robots, *cakes]


def near(one: bytes, other: bytes) -> float:
    a, b = (meaning_of(each).astype(float) for each in (one, other))
    return float(a @ b) / 127**2


def test_a_fit_is_a_version_in_use_and_its_vectors_tell_subjects_apart(papers: list[Paper]) -> None:
    model = learning.fit(ModelKind.MEANING, NOW)
    assert (model.version, model.is_in_use, model.papers) == (1, True, 24)
    found = vectors.ensured(model, [paper.pk for paper in papers])
    assert all(is_whole(vector) and len(vector) > DIMENSIONS for vector in found.values())
    robot, other, cake = (found[papers[place].pk] for place in (0, 1, 12))
    assert near(robot, other) > 0 > near(robot, cake)
    text = vectors.of_texts(model, ["legged robots"])[0]
    assert near(text, robot) > 0 > near(text, cake)


def test_vectors_are_stored_once_and_read_with_one_query(
    papers: list[Paper], django_assert_num_queries: pytest.FixtureRequest
) -> None:
    model = learning.fit(ModelKind.MEANING, NOW)
    ids = [paper.pk for paper in papers]
    assert vectors.of(model, ids) == {}
    made = vectors.ensured(model, [*ids, 10**6])
    Paper.objects.filter(pk=ids[0]).update(title="Something else")
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert vectors.ensured(model, ids) == made


def test_of_no_papers_there_is_no_model() -> None:
    with pytest.raises(ModelError, match="no papers"):
        learning.fit(ModelKind.MEANING, NOW)
    assert learning.current(ModelKind.MEANING) is None


def test_few_papers_make_a_model_that_knows_words_alone(papers: list[Paper], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_PAPERS", 25)
    model = learning.fit(ModelKind.MEANING, NOW)
    vector = vectors.ensured(model, [papers[0].pk])[papers[0].pk]
    assert not meaning_of(vector).any()
    assert len(terms_of(vector)) > 4


def test_invented_papers_make_a_model_until_there_are_real_ones() -> None:
    PaperFactory.create_batch(3, is_sample=True, first_seen_at=NOW)
    assert learning.fit(ModelKind.MEANING, NOW).papers == 3
    PaperFactory(first_seen_at=NOW)
    assert learning.fit(ModelKind.MEANING, NOW).papers == 1


def test_the_first_edition_does_not_wait_for_a_model(papers: list[Paper]) -> None:
    edition = editions.build("daily", NOW.date(), NOW)
    assert edition.meaning
    ids = set(edition.entries.values_list("paper", flat=True))
    assert set(vectors.of(edition.meaning, ids)) == ids


def test_a_newer_version_takes_its_place_and_one_can_go_back(papers: list[Paper]) -> None:
    first, second = (learning.fit(ModelKind.MEANING, NOW + timedelta(days=day)) for day in (0, 7))
    assert learning.current(ModelKind.MEANING) == second
    keeping.use(first)
    assert learning.current(ModelKind.MEANING) == first


@pytest.mark.parametrize("damage", ["gone", "truncated", "another make", "another format", "not finite", "pickled"])
def test_a_damaged_row_is_logged_and_done_without(
    papers: list[Paper], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = learning.fit(ModelKind.MEANING, NOW)
    stored = RankingModelData.objects.get()
    if damage == "gone":
        stored.delete()
    elif damage == "truncated":
        RankingModelData.objects.update(data=bytes(stored.data)[:-100])
    else:
        replace(model, damaged(bytes(stored.data), damage))
    assert vectors.ensured(model, [papers[0].pk]) == {}
    assert vectors.of_texts(model, ["robots"]) == [b""]
    assert "is done without" in caplog.text
    assert editions.build("daily", NOW.date(), NOW).meaning is None


def damaged(data: bytes, damage: str) -> bytes:
    meaning = Meaning.from_bytes(data)
    arrays = {name: getattr(meaning, name) for name in Meaning.__slots__}
    if damage == "not finite":
        arrays["rarity"] = arrays["rarity"] * np.float32("nan")
    if damage == "pickled":
        with pytest.raises(ValueError, match="allow_pickle"):
            packed({"columns": np.array([object()])}, {})
        return b"\x80\x04N."
    facts = {"kind": "cake" if damage == "another make" else "meaning", "format": 99 if "format" in damage else FORMAT}
    return packed(arrays, facts)


def replace(model: RankingModel, data: bytes) -> None:
    """As if it had been kept so: the checksum is right."""
    import hashlib

    RankingModelData.objects.filter(model=model).update(data=data)
    model.checksum = hashlib.sha256(data).hexdigest()
    model.save()


def test_an_edition_names_the_model_and_all_its_papers_have_vectors(papers: list[Paper]) -> None:
    model = learning.fit(ModelKind.MEANING, NOW)
    edition = editions.build("daily", NOW.date(), NOW)
    assert edition.meaning == model
    ids = set(EditionPaper.objects.filter(edition=edition).values_list("paper", flat=True))
    assert ids
    assert set(vectors.of(model, ids)) == ids


def test_old_rows_go_when_no_edition_names_them_and_vectors_stay_for_those_that_do(papers: list[Paper]) -> None:
    fits = [learning.fit(ModelKind.MEANING, NOW + timedelta(days=day)) for day in range(4)]
    named = EditionFactory(meaning=fits[0], published=True)
    vectors.ensured(fits[0], [papers[0].pk])
    assert learning.forget_old() == 1
    assert list(RankingModel.objects.order_by("version").values_list("version", flat=True)) == [1, 3, 4]
    assert set(RankingModelData.objects.values_list("model", flat=True)) == {fits[2].pk, fits[3].pk}
    named.refresh_from_db()
    assert named.meaning == fits[0]
    assert PaperVector.objects.filter(model=fits[0]).exists()


def test_a_merge_leaves_each_vector_with_the_text_it_was_made_of() -> None:
    assert not relations.RULES["digest.PaperVector.paper"].moves


def test_nothing_that_serves_or_sends_imports_scipy() -> None:
    script = (
        "import django; django.setup()\n"
        "import digest.tasks, digest.urls, sys\n"
        "from digest import learning, selection, delivery\n"
        "sys.exit(' '.join(each for each in ('scipy', 'sklearn') if each in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
