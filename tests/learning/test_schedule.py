"""When models are fitted, that a tick has one fitted an hour at most, and that a fit is a process with bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from digest import learning, tasks
from digest.learning import fitting, process
from digest.models import ModelKind, RankingModel, RankingModelData
from tests.factories import NOW, PaperFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_papers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_PAPERS", 20)
    cache.clear()


def kept(days_ago: float, papers: int, version: int = 1) -> RankingModel:
    kind, fitted_at = ModelKind.MEANING, NOW - timedelta(days=days_ago)
    model = RankingModel.objects.create(
        kind=kind, version=version, format=fitting.FORMATS[kind], papers=papers, fitted_at=fitted_at
    )
    RankingModelData.objects.create(model=model, data=b"")
    return model


def test_the_first_fit_waits_for_the_first_paper() -> None:
    assert learning.due(NOW) == []
    PaperFactory(first_seen_at=NOW)
    assert learning.due(NOW) == [ModelKind.MEANING]
    PaperFactory.create_batch(19, first_seen_at=NOW)
    assert set(learning.due(NOW)) == {ModelKind.MEANING, ModelKind.CONTEXT}


@pytest.mark.parametrize(("hours", "papers", "is_due"), [(0.9, 10, False), (1, 9, True), (1, 10, False)])
def test_words_alone_are_fitted_anew_in_an_hour_where_there_is_twice_as_much(
    hours: float, papers: int, is_due: bool
) -> None:
    PaperFactory.create_batch(19, first_seen_at=NOW - timedelta(hours=1))
    kept(hours / 24, papers)
    assert (ModelKind.MEANING in learning.due(NOW)) == is_due


def test_directions_are_found_as_soon_as_there_are_enough_papers() -> None:
    PaperFactory.create_batch(20, first_seen_at=NOW - timedelta(hours=1))
    kept(0.01, 19)
    assert ModelKind.MEANING in learning.due(NOW)
    kept(0, 20, version=2)
    assert ModelKind.MEANING not in learning.due(NOW)


@pytest.mark.parametrize(
    ("days", "papers", "is_due"), [(6.9, 40, False), (7, 40, True), (1, 20, True), (0.9, 20, False), (1, 21, False)]
)
def test_a_fit_is_weekly_or_a_day_later_where_there_is_twice_as_much(days: float, papers: int, is_due: bool) -> None:
    PaperFactory.create_batch(40, first_seen_at=NOW - timedelta(hours=1))
    kept(days, papers)
    assert (ModelKind.MEANING in learning.due(NOW)) == is_due


def test_what_this_release_cannot_read_is_fitted_anew_at_once() -> None:
    PaperFactory.create_batch(40, first_seen_at=NOW - timedelta(hours=1))
    model = kept(1 / 24, 40)
    assert ModelKind.MEANING not in learning.due(NOW)
    RankingModel.objects.update(format=model.format + 1)
    assert ModelKind.MEANING in learning.due(NOW)
    RankingModel.objects.update(format=model.format)
    RankingModelData.objects.all().delete()
    assert ModelKind.MEANING in learning.due(NOW)


def test_a_tick_has_one_model_fitted_and_no_other_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    PaperFactory.create_batch(20, first_seen_at=NOW)
    begun: list[tuple[str]] = []
    monkeypatch.setattr(tasks.fit_model, "apply_async", lambda args, **options: begun.append(args))
    tasks._enqueue_fit(NOW)
    tasks._enqueue_fit(NOW)
    assert begun == [(ModelKind.MEANING,)]


def test_the_task_begins_a_process_and_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: begun.append((command, options["env"])))
    tasks.fit_model(ModelKind.MEANING)
    [(command, environment)] = begun
    assert command[1:] == [command[1], "fit_models", "--kind", "meaning", "--bounded"]
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


def test_the_process_gives_way_and_may_take_so_much() -> None:
    script = (
        "import os, resource; from digest.learning import process; process.bound(); "
        "print(os.nice(0), resource.getrlimit(resource.RLIMIT_DATA)[0]); bytearray(process.MEMORY)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {script}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"19 {process.MEMORY}\n"
    assert "MemoryError" in done.stderr


def test_it_ends_with_the_process_that_began_it() -> None:
    left: list[int] = []
    process.watch(parent=-1, leave=left.append)
    assert left == [1]


def test_the_command_says_what_was_fitted_and_fails_where_nothing_could_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="no papers"):
        call_command("fit_models", kind="meaning")
    PaperFactory.create_batch(30)
    call_command("fit_models", kind="meaning")
    assert "Meaning, version 1: 30 papers" in capsys.readouterr().out
