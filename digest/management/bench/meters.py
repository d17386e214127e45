"""Takes a piece of work; gives what it cost: this process's CPU, the database's, and the clock."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
Arguments = ParamSpec("Arguments")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one round, CPU in microseconds a piece; `database_us` is 0 where the database runs in this process."""

    cpu_us: float
    database_us: float
    seconds: float


def timed(
    pieces: int, run: Callable[Arguments, Given], *arguments: Arguments.args, **options: Arguments.kwargs
) -> tuple[Cost, Given]:
    """What it cost to run it, by the number of messages, readers or events it was run for; and what it gave."""
    gc.collect()
    cpu, database, wall = time.process_time(), database_cpu(), time.perf_counter()
    outcome = run(*arguments, **options)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu / pieces * 1e6, (database_cpu() - database) / pieces * 1e6, wall), outcome


def median(costs: Sequence[Cost], name: str) -> float:
    return float(statistics.median(getattr(cost, name) for cost in costs))


def database_cpu() -> float:
    """Seconds of CPU that the PostgreSQL process of our connection has used; it must run on this machine."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return process_cpu(pid)


def process_cpu(pid: int) -> float:
    """Seconds of CPU that a process of this machine has used; 0 where there is none such, or nobody tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # a server on another machine, or in a container
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb() -> float:
    """The most memory this process has held so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def process_rss_mb(pid: int) -> float:
    """The same of another process; 0 where nobody tells. (What it held as a copy of its parent does not count.)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
