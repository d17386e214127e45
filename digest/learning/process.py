"""Takes a kind of model; has it fitted in a process of its own, with bounds, that gives way to all others.

A fit takes minutes and up to MEMORY: no worker waits for it, and it ends with the process that began it. What it leaves
is one row, written at its end.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from django.conf import settings

MEMORY = 2 * 1024**3  # bytes
SECONDS = 45 * 60  # of CPU, and by the clock
NICE = 19
LOOKS_EVERY = 2.0  # seconds
# A second thread would only take a processor from who sends.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
log = logging.getLogger(__name__)


def start(kind: str) -> subprocess.Popen[bytes]:
    """Returns at once."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "fit_models", "--kind", kind, "--bounded"]
    log.info("A model of kind %s is fitted in a process of its own", kind)
    return subprocess.Popen(command, env={**os.environ, **ONE_THREAD}, stdin=subprocess.DEVNULL)  # noqa: S603


def bound() -> None:
    """In the process itself: give way, take no more than is allowed, and end with the one that began it."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


def watch(parent: int, leave: Callable[[int], object] = os._exit) -> None:
    """Leaves when the parent is gone, or time is up."""
    until = time.monotonic() + SECONDS
    while os.getppid() == parent and time.monotonic() < until:
        time.sleep(LOOKS_EVERY)
    leave(1)
