"""What `make run` does: everything up on one machine, content in it, stopped without a trace; and again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest

from digest.management.commands.run import banner
from tests.services import PROJECT, free_port, process_environment

UP = re.compile(r"Paperboy is up after (\d+) s")


class Run:
    """`manage.py run` on a folder of its own."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"run-{time.monotonic_ns()}.log"
        environment = process_environment(DEBUG="true", DATA_DIR=str(folder), SITE_URL="http://127.0.0.1:8000")
        command = [sys.executable, "manage.py", "run", "--offline", "--port", str(self.port)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"ended before {what}:\n{self.output()[-4000:]}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.output()[-4000:]}"
            time.sleep(0.1)

    def wait_until_up(self) -> None:
        self.wait_for(lambda: bool(UP.search(self.output())), "being up")

    def mails(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.folder / "outbox").glob("*.eml"))]

    def recipients(self) -> list[str]:
        return [str(message_from_bytes(mail, policy=policy.default)["To"]) for mail in self.mails()]

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.folder / "paperboy.sqlite3", timeout=20)) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def children(self) -> list[int]:
        """Its children's ids; none where there is no /proc to look in."""
        return [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if parent(stat) == self.process.pid]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)

    def kill(self) -> None:
        for pid in [*self.children(), self.process.pid]:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


@pytest.fixture
def run(tmp_path) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def start(port: int | None = None) -> Run:
        started.append(Run(tmp_path, port))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def parent(stat: Path) -> int:
    """Whose child a process is, by its `stat` file: the second field after the name's closing bracket."""
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # ended meanwhile


def processes_of(folder: Path) -> list[str]:
    """Commands of processes, whoever their parent is, that still work on the folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"DATA_DIR={folder}".encode() in environment.read_bytes().split(b"\0"):
                found.append((environment.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


def get(url: str) -> str:
    return httpx.get(url, timeout=20).raise_for_status().text


@pytest.mark.long
def test_everything_comes_up_with_content_and_goes_without_a_trace(run, tmp_path):
    first = run()
    first.wait_until_up()
    assert re.search(r"password \S{16}\n", first.output())
    assert "ada@example.org" in first.output()
    assert "trending papers" in get(first.url)
    # Beat and worker are real: what the first tick finds due goes out by itself.
    first.wait_for(lambda: len(first.mails()) >= 3, "three digests")
    expected = {"ada@example.org", "ben@example.org", "chioma@example.org"}
    assert set(first.recipients()) == expected
    assert len({mail.partition(b"\r\n\r\n")[2] for mail in first.mails()}) == 3
    assert all(f"{first.url}/u/".encode() in mail for mail in first.mails())
    assert "ada@example.org" in get(f"{first.url}/outbox/")
    assert first.stop() == 0
    assert first.output().rstrip().endswith("Stopped.")
    assert "Traceback" not in first.output()
    if sys.platform == "linux":
        assert processes_of(tmp_path) == []

    tables = ("digest_paper", "digest_edition", "subscriptions_subscriber", "auth_user")
    before = [first.count(table) for table in tables]
    second = run()
    second.wait_until_up()
    assert [second.count(table) for table in tables][:1] == before[:1]
    assert "password" not in second.output()
    second.wait_for(lambda: "digest.tasks.tick" in second.output(), "a tick")
    assert second.stop(signal.SIGTERM) == 0
    assert [second.count(table) for table in tables[2:]] == before[2:]
    assert sorted(second.recipients()) == sorted(expected)


@pytest.mark.django_db
def test_what_is_printed_does_not_promise_an_outbox_where_mail_really_leaves(settings):
    settings.DEBUG = True
    settings.EMAIL_BACKEND = "digest.delivery.outbox.EmailBackend"
    assert "none leaves this machine" in banner("http://127.0.0.1:8000", 4.0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    printed = banner("http://127.0.0.1:8000", 4.0)
    assert "really leaves, by django.core.mail.backends.smtp.EmailBackend" in printed
    assert "utbox" not in printed


def test_a_port_that_is_taken_is_a_clear_error_before_anything_is_done(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        attempt = run(port)
        assert attempt.process.wait(60) == 1
    assert f"Port {port} cannot be used" in attempt.output()
    assert "make run PORT=8001" in attempt.output()
    assert "Traceback" not in attempt.output()
    assert not (tmp_path / "paperboy.sqlite3").exists()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to find the web server in")
def test_when_the_web_server_dies_the_rest_is_stopped_and_told(run, tmp_path):
    started = run()
    started.wait_until_up()
    web = next(
        pid for pid in started.children() if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    )
    os.kill(web, signal.SIGKILL)
    assert started.process.wait(40) == 1
    assert "web    | ended by itself with exit code -9; stopping the others" in started.output()
    with pytest.raises(httpx.ConnectError):
        get(started.url)
    assert processes_of(tmp_path) == []


# The Makefile's own part


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path) -> Path:
    """A fresh clone as far as make is concerned, with this environment as if it had been made there."""
    for name in ("Makefile", ".env.example"):
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    return tmp_path


def test_the_first_start_writes_settings_with_new_keys_for_its_owner_alone(copy):
    done = make(copy, ".env")
    assert done.returncode == 0, done.stderr
    text = (copy / ".env").read_text()
    keys = re.findall(r"^(?:SECRET|SUPPRESSION)_KEY=(\S{60,})$", text, re.MULTILINE)
    assert len(set(keys)) == 2
    assert "\nDEBUG=true\n" in text
    assert (copy / ".env").stat().st_mode & 0o777 == 0o600


def test_later_starts_leave_the_settings_alone(copy):
    make(copy, ".env")
    before = (copy / ".env").read_text()
    os.utime(copy / ".env.example")
    assert make(copy, ".env").returncode == 0
    assert (copy / ".env").read_text() == before


def test_an_old_python_is_refused_with_what_to_do(tmp_path):
    shutil.copy(PROJECT / "Makefile", tmp_path)
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.18\nexit 1\n')
    old.chmod(0o755)
    done = make(tmp_path, ".venv/bin/python", f"PYTHON={old}")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert "3.9.18" in done.stderr


def test_a_start_that_finds_nothing_changed_installs_nothing(copy):
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, copy)
    (copy / ".venv" / ".installed").touch()
    done = make(copy, "-n", ".venv/.installed")
    assert "pip" not in done.stdout
    os.utime(copy / "requirements.txt", (time.time() + 10, time.time() + 10))
    assert "pip install" in make(copy, "-n", ".venv/.installed").stdout


@pytest.mark.long
def test_a_database_without_sample_content_is_healthy(tmp_path):
    environment = process_environment(DATA_DIR=str(tmp_path), DEBUG="true")
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "prepare", "--no-sample"], cwd=PROJECT, env=environment, check=True, capture_output=True)
    done = subprocess.run(
        [*manage, "doctor", "--only", "database", "--json"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["findings"][0]["level"] == "fine"
