"""A database that was filled under the first schema is migrated to the present one, and nothing of it is lost."""

import subprocess
import sys

import pytest

from tests.services import PROJECT, process_environment


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_what_an_installation_had_is_there_after_all_migrations(engine, tmp_path, request):
    url = f"sqlite:///{tmp_path}/db.sqlite3" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    environment = process_environment(
        DATABASE_URL=url, DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH=str(PROJECT), DATA_DIR=str(tmp_path),
        DEBUG="true", CACHE_URL="locmemcache://",
    )  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-m", "tests.upgrades.from_the_first"],
        env=environment, cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-1000:] + ended.stderr[-3000:]
