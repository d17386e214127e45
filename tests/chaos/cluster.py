"""A PostgreSQL server of our own, to be stopped and started at will: the machine's own is nobody's to mistreat."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.services import free_port, missing, wait_for_port

FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


class PostgresCluster:
    """Use as a context manager. PostgreSQL refuses to run as root; then it runs as `postgres` or `nobody`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="paperboy-postgres-"))
        self.user = _unprivileged() if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, pwd.getpwnam(self.user).pw_gid)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://paperboy@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> PostgresCluster:
        self._run("initdb", "--auth=trust", "--username=paperboy", "--no-sync", "--pgdata", str(self.folder / "data"))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1 -c shared_buffers=64MB"
        self._control("start", "-o", options, "-l", str(self.folder / "log"))
        wait_for_port(self.port)

    def stop(self, mode: str = "fast") -> None:
        """`fast` ends every connection; `immediate` is a crash, with recovery at the next start."""
        self._control("stop", "-m", mode)

    def _control(self, action: str, *options: str) -> None:
        self._run("pg_ctl", action, "--wait", "--pgdata", str(self.folder / "data"), *options)

    def _run(self, program: str, *options: str) -> None:
        command = [_program(program), *options]
        done = subprocess.run(
            command, user=self.user, extra_groups=[] if self.user else None, cwd=self.folder, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} {options[0]} ended with {done.returncode}")


def _program(name: str) -> str:
    found = [str(path) for folder in FOLDERS for path in sorted(Path(folder).glob(f"*/bin/{name}"), reverse=True)]
    return shutil.which(name) or (found[0] if found else missing(f"PostgreSQL's {name} is not installed"))


def _unprivileged() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)
