"""Takes commands, runs them side by side with their output prefixed, and leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TextIO

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Processes:
    """A handful of child processes with one fate: when one ends, or a signal comes, all are stopped.

    Each child leads a process group of its own, so that Ctrl-C reaches this process alone and children are stopped in
    an orderly way, together with whatever they started.
    """

    def __init__(self, output: TextIO = sys.stdout, grace_seconds: float = 40) -> None:
        self.output = output
        self.grace_seconds = grace_seconds
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.readers: list[threading.Thread] = []
        self.asked_to_stop = threading.Event()

    def catch_signals(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop.set()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        process = subprocess.Popen(  # noqa: S603  # the commands are this project's own
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self.running[name] = process
        reader = threading.Thread(target=self.copy_output, args=(name, process), daemon=True)
        reader.start()
        self.readers.append(reader)

    def copy_output(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        with process.stdout as lines:
            for line in lines:
                self.say(name, line.rstrip())

    def say(self, name: str, line: str) -> None:
        # A terminal that is gone is no reason to leave children behind.
        with suppress(OSError, ValueError):
            self.output.write(f"{name:<6} | {line}\n")
            self.output.flush()

    def wait(self) -> bool:
        """Until a signal (True) or until a child ends by itself (False); either way everything is stopped then."""
        try:
            while not self.asked_to_stop.wait(0.2):
                if ended := self.ended():
                    name, code = ended
                    self.say(name, f"ended by itself with exit code {code}; stopping the others")
                    return False
            return True
        finally:
            self.stop()

    def ended(self) -> tuple[str, int] | None:
        codes = {name: process.poll() for name, process in self.running.items()}
        return next(((name, code) for name, code in codes.items() if code is not None), None)

    def stop(self) -> None:
        """Ask every child to end, and after the grace period make it."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + self.grace_seconds
        for name, process in self.running.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            self.clear_group(name, process)
        for reader in self.readers:
            reader.join(2)

    def clear_group(self, name: str, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            self.say(name, f"did not end within {self.grace_seconds:g} s and was killed")
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
