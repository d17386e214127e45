"""A database with rows of before becomes one of today, and can go back."""

import subprocess
import sys

import pytest

from tests.services import PROJECT, process_environment


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("story", ["there_and_back", "pending_readers"])
def test_rows_of_before_are_kept_in_the_shape_of_today(story, engine, tmp_path, request):
    url = f"sqlite:///{tmp_path}/db.sqlite3" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    environment = process_environment(
        DATABASE_URL=url, DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH=str(PROJECT)
    )
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.upgrades.{story}"],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
