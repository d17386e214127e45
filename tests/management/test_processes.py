"""Processes with one fate."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time

import pytest

from digest.management.processes import Processes

FOREVER = "import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); {FOREVER}"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])
print(child.pid, flush=True)
child.wait()
"""


def start(processes: Processes, name: str, program: str) -> None:
    processes.start(name, [sys.executable, "-c", program], dict(os.environ))


def output(processes: Processes) -> str:
    assert isinstance(processes.output, io.StringIO)
    return processes.output.getvalue()


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Not counting a zombie, which only waits to be collected by whoever inherited it."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def processes():
    instance = Processes(output=io.StringIO(), grace_seconds=1)
    yield instance
    instance.stop()


def test_every_line_bears_the_name_of_its_process(processes):
    start(processes, "web", "print('ready')")
    assert processes.wait() is False
    assert "web    | ready\n" in output(processes)


def test_when_one_ends_the_others_are_stopped_and_the_reason_is_told(processes):
    start(processes, "worker", FOREVER)
    start(processes, "web", "import sys; sys.exit(3)")
    assert processes.wait() is False
    assert "web    | ended by itself with exit code 3; stopping the others" in output(processes)
    assert processes.running["worker"].returncode == -signal.SIGTERM


def test_a_request_to_stop_stops_all(processes):
    start(processes, "web", FOREVER)
    threading.Timer(0.1, processes.on_signal, (signal.SIGINT, None)).start()
    assert processes.wait() is True
    assert processes.running["web"].returncode == -signal.SIGTERM


def test_one_that_does_not_listen_is_killed_after_the_grace_period(processes):
    start(processes, "worker", STUBBORN)
    wait_for(lambda: "up" in output(processes))
    processes.asked_to_stop.set()
    assert processes.wait() is True
    assert processes.running["worker"].returncode == -signal.SIGKILL
    assert "did not end within 1 s and was killed" in output(processes)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
def test_what_a_process_started_goes_with_it(processes):
    start(processes, "worker", PARENT)
    wait_for(lambda: output(processes).endswith("\n") and output(processes).strip() != "")
    child = int(output(processes).split("|")[1])
    assert is_running(child)
    processes.asked_to_stop.set()
    processes.wait()
    wait_for(lambda: not is_running(child))


def test_a_terminal_that_is_gone_does_not_keep_children_alive(processes):
    start(processes, "web", "import time\nwhile True: print('line', flush=True); time.sleep(0.01)")
    processes.output.close()
    processes.asked_to_stop.set()
    assert processes.wait() is True
    assert processes.running["web"].returncode is not None
