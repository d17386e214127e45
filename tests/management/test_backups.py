"""`manage.py backup` and `restore`, on real databases: what comes back is what was there, and nothing is ever lost."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from digest.management.backups import BackupError, prune, restore
from digest.management.backups.manifest import differences, read, write
from tests.factories import NOW
from tests.services import PROJECT, process_environment

INSERT = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('%d', '', '2030-01-01')"
COUNT = "SELECT count(*) FROM django_session"


class Site:
    """A migrated database with a row in it that counts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.environment = process_environment(DATABASE_URL=url, DATA_DIR=str(folder))
        self.done("migrate", "--verbosity", "0")
        self.add(1)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )

    def done(self, *words: str) -> str:
        ended = self.manage(*words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def add(self, number: int) -> None:
        self.ask(INSERT % number)

    def rows(self) -> int:
        return int(self.ask(COUNT))

    def ask(self, statement: str) -> str:
        """The first value that comes back, if any."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as database, database:
                row = database.execute(statement).fetchone()
        else:
            with psycopg.connect(self.url) as database:
                cursor = database.execute(statement.encode())
                row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""

    def backups(self) -> list[Path]:
        return sorted((self.folder / "backups").glob("*.backup"))

    def databases(self) -> set[str]:
        """Of PostgreSQL, those that are called like ours."""
        own = self.url.rpartition("/")[2]
        with psycopg.connect(self.url.replace(own, "postgres")) as server:
            rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{own}%"]).fetchall()
        return {name for (name,) in rows}

    def forget(self) -> None:
        """What a restore keeps is dropped with the test's own database, else it would stay."""
        own = self.url.rpartition("/")[2]
        with psycopg.connect(self.url.replace(own, "postgres"), autocommit=True) as server:
            for name in self.databases() - {own}:
                server.execute(f'DROP DATABASE "{name}"'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path: Path):
    is_file = request.param == "sqlite"
    site = Site(f"sqlite:///{tmp_path}/db.sqlite3" if is_file else request.getfixturevalue("postgres_url"), tmp_path)
    yield site
    if not is_file:
        site.forget()


@pytest.mark.long
def test_a_backup_comes_back_whole_and_what_was_there_is_kept(site: Site):
    said = site.done("backup")
    assert ", verified, " in said
    [path] = site.backups()
    assert path.stat().st_mode & 0o077 == 0
    site.add(2)
    assert site.rows() == 2
    said = site.done("restore", str(path))
    assert site.rows() == 1
    assert "before" in said
    if site.url.startswith("sqlite"):
        [kept] = site.folder.glob("db.sqlite3.before-*")
        with closing(sqlite3.connect(kept)) as database:
            assert database.execute(COUNT).fetchone() == (2,)
    else:
        assert len(site.databases()) == 2
    site.done("migrate", "--check")
    site.add(3)


@pytest.mark.long
def test_half_a_backup_changes_nothing_even_where_its_checksum_was_made_of_the_half(site: Site):
    site.done("backup", "--unverified")
    [path] = site.backups()
    site.add(2)
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    manifest = path.with_suffix(".json")
    facts = json.loads(manifest.read_text()) | {"size": len(half), "sha256": hashlib.sha256(half).hexdigest()}
    manifest.write_text(json.dumps(facts))
    ended = site.manage("restore", str(path))
    assert (ended.returncode, "Nothing was restored, nothing was changed" in ended.stderr) == (1, True), ended.stderr
    assert site.rows() == 2
    if not site.url.startswith("sqlite"):
        assert len(site.databases()) == 1


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "paperboy-20260101T000000Z.backup"
    path.write_bytes(b"0123456789")
    write(path, "sqlite", {"digest_paper": 1}, verified=True)
    return path


def test_a_backup_is_read_as_it_was_made(made: Path):
    backup = read(made)
    assert (backup.vendor, backup.verified, backup.size, backup.rows) == ("sqlite", True, 10, 1)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"01234"), "has 5 bytes, and had 10"),
        (lambda path: path.write_bytes(b"0123456780"), "checksum differs"),
        (lambda path: path.unlink(), "are needed"),
        (lambda path: path.with_suffix(".json").unlink(), "are needed"),
        (lambda path: path.with_suffix(".json").write_text("{"), "are needed"),
        (lambda path: path.with_suffix(".json").write_text('{"vendor": "sqlite"}'), "are needed"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused(made: Path, damage: Callable[[Path], object], words: str):
    damage(made)
    with pytest.raises(BackupError, match=words):
        read(made)


def test_only_the_newest_are_kept_and_nothing_of_others_is_touched(tmp_path: Path):
    names = [f"paperboy-2026010{day}T000000Z.backup" for day in range(1, 5)]
    for name in names:
        (tmp_path / name).touch()
        write(tmp_path / name, "sqlite", {}, verified=True)
    (tmp_path / "notes.txt").touch()
    assert [path.name for path in prune(tmp_path, 3)] == names[:1]
    assert sorted(path.name for path in tmp_path.glob("*.backup")) == names[1:]
    assert (len(list(tmp_path.glob("*.json"))), (tmp_path / "notes.txt").exists()) == (3, True)


def test_rows_that_differ_are_named():
    found = differences({"a": 1, "b": 2, "gone": 3}, {"a": 1, "b": 3, "new": 4})
    assert found == "b 3 instead of 2, gone None instead of 3, new 4 instead of None"


@pytest.mark.long
@pytest.mark.postgres
def test_a_database_in_use_is_left_alone(postgres_url: str, tmp_path: Path):
    site = Site(postgres_url, tmp_path)
    site.done("backup", "--unverified")
    [path] = site.backups()
    with psycopg.connect(postgres_url):
        ended = site.manage("restore", str(path))
    assert ended.returncode == 1
    assert "stop web, workers and beat first" in ended.stderr
    assert site.databases() == {postgres_url.rpartition("/")[2]}


def test_a_backup_of_another_kind_of_database_is_refused(made: Path):
    write(made, "oracle", {}, verified=True)
    with pytest.raises(BackupError, match="is of oracle"):
        restore(made, NOW)
