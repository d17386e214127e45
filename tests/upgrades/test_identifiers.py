"""A database with papers in it becomes one with names, and can go back."""

import subprocess
import sys

import pytest

from tests.services import PROJECT, process_environment


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_papers_of_before_get_their_names_and_keep_them_on_the_way_back(engine, tmp_path, request):
    url = f"sqlite:///{tmp_path}/db.sqlite3" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    environment = process_environment(
        DATABASE_URL=url, DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH=str(PROJECT)
    )
    ended = subprocess.run(
        [sys.executable, "-m", "tests.upgrades.there_and_back"],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
