"""The real processes of an installation: gunicorn, Celery workers, beat, and management commands."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """One installation under `folder`, described by `env`; `workers` Celery workers and one beat."""

    folder: Path
    env: dict[str, str]
    workers: int = 1
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**inherited, "ENV_FILE": os.devnull, "SITE_URL": self.url, **self.env}

    def manage(self, *arguments: str, expect: int = 0) -> str:
        """Standard output of a management command, whose exit code must be `expect`."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == expect, (
            f"{arguments}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        return done.stdout

    def manage_json(self, *arguments: str) -> Any:
        return json.loads(self.manage(*arguments, "--json").strip().splitlines()[-1])

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def start_web(self) -> None:
        self.start("web", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4")
        deadline = time.monotonic() + 40
        while True:
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"the web server did not come up\n{self.log('web')}"
            time.sleep(0.2)

    def start_celery(self) -> None:
        """Workers, and one beat: inside the only worker, or beside several, as operators run them."""
        beat = ["--beat"] if self.workers == 1 else []
        for number in range(1, self.workers + 1):
            name = f"worker{number}"
            options = ["--concurrency", "1", "--loglevel", "INFO", "--hostname", f"{name}@%h"]
            self.start(name, "celery", "-A", "config", "worker", *options, *beat)
        if not beat:
            self.start("beat", "celery", "-A", "config", "beat", "--loglevel", "INFO")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self.processes.clear()
