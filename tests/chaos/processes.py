"""Celery's processes as docker-compose.yml starts them, and the ways in which they may end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.pipeline.stack import Stack
from tests.services import PROJECT

READY = "ready."


class Processes:
    """By name; each leads a process group of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.stack = Stack(folder, environment)
        self.groups: list[int] = []
        self.code = PROJECT  # where processes that are started find the code

    def clear(self) -> None:
        """End every process, also children whose parent was killed, and forget what they left behind."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for process in self.stack.processes.values():
            process.wait(10)
        for journal in self.folder.glob("wire/*"):
            journal.unlink()

    def start(self, *senders: str, beat: str = "beat") -> None:
        """As docker-compose.yml does: a worker for everything short, senders, one beat. What runs already is left."""
        self.start_worker("worker", "control,urgent,ingestion", 2)
        for name in senders or ("sender",):
            self.start_worker(name, "bulk", 1)
        self.start_beat(beat)

    def start_worker(self, name: str, queues: str = "bulk", concurrency: int = 1, **environment: str) -> None:
        options = [
            "--queues",
            queues,
            "--concurrency",
            str(concurrency),
            "--loglevel",
            "INFO",
            "--hostname",
            f"{name}@%h",
        ]
        self._start(name, ["celery", "-A", "config", "worker", *options], environment)

    def start_beat(self, name: str) -> None:
        schedule = str(self.folder / f"{name}-schedule")
        self._start(name, ["celery", "-A", "config", "beat", "--loglevel", "INFO", "--schedule", schedule], {})

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        if not self.runs(name):
            (self.folder / f"{name}.log").unlink(missing_ok=True)
            with (self.folder / f"{name}.log").open("ab") as log:
                self.stack.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=self.code, env={**self.stack.env, **environment}, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            self.groups.append(self.stack.processes[name].pid)

    def runs(self, name: str) -> bool:
        return name in self.stack.processes and self.stack.processes[name].poll() is None

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait for the end."""
        for name in names:
            if self.runs(name):
                self.stack.processes[name].terminate()
        for name in names:
            if name in self.stack.processes:
                self.stack.processes[name].wait(60)

    def wait_ready(self, *names: str) -> None:
        for name in names:
            self.wait(f"{name} is ready", lambda name=name: READY in self.log(name))

    def children(self, name: str) -> list[int]:
        """The process ids of a worker's pool."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.stack.processes[name].pid)]
        return [int(pid) for pid in subprocess.run(command, capture_output=True, check=False).stdout.split()]

    def kill(self, name: str) -> None:
        """SIGKILL to a worker and its pool, as when its machine is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.stack.processes[name].pid, signal.SIGKILL)
        self.stack.processes[name].wait(10)

    def kill_parent(self, name: str) -> None:
        """SIGKILL to a worker's main process alone: its pool is orphaned."""
        self.stack.processes[name].kill()
        self.stack.processes[name].wait(10)

    def kill_pool(self, name: str) -> None:
        """SIGKILL to a worker's pool alone, as the kernel does when memory runs out."""
        for pid in self.children(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def logs(self) -> str:
        """The end of each process's log."""
        return "\n".join(f"--- {name} ---\n{self.stack.log(name)}" for name in self.stack.processes)

    def wait(self, what: str, happened: Callable[[], object], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} s still not: {what}; {self.describe()}")
            time.sleep(0.03)

    def describe(self) -> str:
        """How things stand, for whoever waits in vain."""
        return ", ".join(f"{name} {'runs' if self.runs(name) else 'has ended'}" for name in self.stack.processes)
