"""Faults of what we rest on: Redis, PostgreSQL, the clock, the disk."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis

from tests.chaos.audit import Expected
from tests.chaos.site import Site
from tests.services import missing

FROZEN = 20.0  # seconds


def redis_restarted(site: Site) -> Expected:
    """Redis goes away in the middle with all that was queued in it, and comes back empty."""
    return _without_redis(site, site.redis.stop, 2.0, site.redis.start)


def redis_frozen(site: Site) -> Expected:
    """Redis stops answering for a while, with every connection still open."""
    process = site.redis.process
    return _without_redis(
        site, lambda: process.send_signal(signal.SIGSTOP), FROZEN, lambda: process.send_signal(signal.SIGCONT)
    )


def redis_flushed(site: Site) -> Expected:
    """Somebody empties Redis: tasks, bindings and cache are gone, and no connection is lost."""
    return _without_redis(site, lambda: redis.Redis.from_url(site.redis.url).flushall(), 0.0, lambda: None)


def _without_redis(site: Site, go: Callable[[], object], seconds: float, come_back: Callable[[], object]) -> Expected:
    """Half of the readers are due only afterwards: what runs already could go on without Redis."""
    site.sink.behaviour.latency = 0.04
    site.start()
    site.make_due(site.readers // 2)
    site.wait_for_mail(site.readers // 10)
    go()
    time.sleep(seconds)
    come_back()
    site.make_due()
    site.finish()
    return Expected()


def postgres_restarted(site: Site) -> Expected:
    """The database is restarted as for an upgrade: every connection ends at once."""
    _in_the_middle(site)
    site.cluster.stop("fast")
    time.sleep(1)
    site.cluster.start()
    site.finish()
    return Expected()


def postgres_crashed(site: Site) -> Expected:
    """The database is killed, and recovers."""
    _in_the_middle(site)
    site.cluster.stop("immediate")
    site.cluster.start()
    site.finish()
    return Expected()


def clock_jumps(site: Site) -> Expected:
    """The clock jumps two hours ahead and back in the middle, and another machine's is two hours ahead all the time.

    What a clock that jumps does to moments that were stored before is done to them instead.
    """
    _in_the_middle(site)
    ahead = datetime.now(tz=UTC) + timedelta(hours=2)
    for by in (timedelta(hours=-2), timedelta(hours=2)):
        site.change("UPDATE digest_delivery SET due_at = due_at + %s, claimed_at = claimed_at + %s", by, by)
        site.change("UPDATE digest_lease SET until = until + %s", by)
        site.wait_for_mail(20)
    site.stack.manage("send_due", "--now", ahead.isoformat())
    site.finish()
    return Expected()


def disk_full(site: Site) -> Expected:
    """The sender's disk fills up in the middle, and has room again later. A small tmpfs is the disk."""
    disk = site.folder / "disk"
    disk.mkdir(exist_ok=True)
    site.stop("sender")
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        site.start()
        missing("this user may not mount a small disk")
    try:
        _fill_and_free(site, disk)
        site.finish()
        site.stop("sender")
    finally:
        site.kill("sender")
        subprocess.run(["umount", "-l", disk], check=True)
    return Expected()


def _fill_and_free(site: Site, disk: Path) -> None:
    site.sink.behaviour.latency = 0.05
    site.start_worker("sender", DATA_DIR=str(disk))
    site.start()
    site.make_due()
    site.wait_for_mail(20)
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while file.write(bytes(512)):
            pass
    site.wait("the sender notices", lambda: "Errno 28" in site.log("sender") or site.is_over())
    assert "Errno 28" in site.log("sender"), "everything was sent before the disk was full"
    (disk / "filling").unlink()


def _in_the_middle(site: Site) -> None:
    site.sink.behaviour.latency = 0.04
    site.start()
    site.make_due()
    site.wait_for_mail(30)
    assert not site.is_over(), "everything was sent too early"
