"""Real services for tests: found or started here, missing ones named; conftest.py makes them fixtures."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"


def missing(reason: str) -> NoReturn:
    """Skip the test and say why; under PAPERBOY_REQUIRE_SERVICES=1 fail it."""
    if os.environ.get("PAPERBOY_REQUIRE_SERVICES") == "1":
        pytest.fail(f"required, but {reason}", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 10) -> None:
    """Return once 127.0.0.1:port accepts connections; raise TimeoutError, or RuntimeError if the process ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        time.sleep(0.02)
    raise TimeoutError(f"nothing answers on port {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def process_environment(**variables: str) -> dict[str, str]:
    """A clean environment for a process of the project: this suite's settings do not leak into it, no .env either."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "ENV_FILE": os.devnull, "SECRET_KEY": "only-for-tests", "PYTHONUNBUFFERED": "1", **variables}


# PostgreSQL


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def postgres_database(template: str = "template1") -> Iterator[str]:
    """The URL of a database of its own, a copy of `template` (whom nobody may be using), dropped afterwards."""
    try:
        server = psycopg.connect(POSTGRES_URL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        missing(f"no PostgreSQL at {urlsplit(POSTGRES_URL).hostname}: {str(error).splitlines()[0]}")
    name = f"paperboy_test_{uuid.uuid4().hex[:12]}"
    with server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        try:
            yield with_database(POSTGRES_URL, name)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


# Redis


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis that nobody else uses: a server of our own, or TEST_REDIS_URL as it is given."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="paperboy-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


class RedisServer:
    """A Redis that forgets everything when it stops, and comes back empty at the same address."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("redis-server") or missing("redis-server is not installed")
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        command = [self.program, "--port", str(self.port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(self.port, self.process)
        except BaseException:
            stop(self.process)
            raise

    def stop(self) -> None:
        stop(self.process)


# Mail


class MailServer(Controller):
    """An SMTP server on loopback that hands everything to an aiosmtpd handler; `with MailServer(handler) as server:`.

    When it stops it hangs up on everybody, also on those it has only just let in: aiosmtpd by itself leaves their
    sockets to the garbage collector.
    """

    def __init__(self, handler: object, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=free_port(), **options)
        self.sessions: list[SMTP] = []

    def factory(self) -> SMTP:
        session: SMTP = super().factory()
        self.sessions.append(session)
        return session

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)
        self.stop()

    async def _hang_up(self) -> None:
        """In this order: whom asyncio has accepted gets a transport only as long as the server is not closed."""
        assert self.server is not None
        for listener in self.server.sockets:
            self.loop.remove_reader(listener.fileno())
        await asyncio.sleep(0)
        for session in self.sessions:
            if session.transport is not None:
                session.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # for their connection_lost


class SmtpSink:
    """A running smtp-sink. `messages()` gives what it received, oldest first, as raw bytes."""

    def __init__(self, folder: Path, *options: str) -> None:
        program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            missing("smtp-sink is not installed (Debian's package postfix)")
        self.host, self.port, self.folder = "127.0.0.1", free_port(), folder
        # Started by root, smtp-sink wants to be told whom to become.
        user = ["-u", getpass.getuser()] if os.geteuid() == 0 else []
        command = [program, *user, *options, "-d", f"{folder}/%s.", f"{self.host}:{self.port}", "100"]
        self.process = subprocess.Popen(command)
        wait_for_port(self.port, self.process)

    def messages(self) -> list[bytes]:
        files = sorted(self.folder.iterdir(), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [file.read_bytes() for file in files]

    def stop(self) -> None:
        stop(self.process)


# Browser


def chromium_path() -> str:
    found = filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, CHROMIUM_NAMES)])
    return next(found, None) or missing("Chromium is not installed")
