"""What can go wrong, one function each: takes a site with due readers, gives what may be left in doubt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.chaos.audit import Expected
from tests.chaos.site import WINDOW, Site

IN_THE_MIDDLE = 25  # messages; in the midst of a window, and of a chunk


def worker_killed(site: Site) -> Expected:
    """kill -9 of a whole worker while a message of its is on the wire; another one goes on beside it."""
    site.post_office.hold_at = IN_THE_MIDDLE
    site.start_worker("worker1")
    site.start_worker("worker2", "--beat")
    site.wait("both workers have a message on the wire", lambda: site.post_office.held == 2)
    site.kill("worker1")
    site.post_office.release()
    site.settle()
    assert site.count("state = 'queued' AND leased_until > now()"), "the dead worker's lease was not respected"
    site.finish()
    return Expected(1, WINDOW)


def pool_process_killed(site: Site) -> Expected:
    """kill -9 of the process in which a worker sends; the worker starts another."""
    site.post_office.hold_at = IN_THE_MIDDLE
    site.start_worker("worker1")
    site.start_beat("beat1")
    site.wait("the worker has a message on the wire", lambda: site.post_office.held == 1)
    site.kill_pool("worker1")
    site.post_office.release()
    site.finish()
    assert site.stack.processes["worker1"].poll() is None, "the worker itself has ended"
    return Expected(1, WINDOW)


def crowd(site: Site) -> Expected:
    """Two beats and three workers at once."""
    site.post_office.hold_at = 1
    for number in (1, 2, 3):
        site.start_worker(f"worker{number}")
    for number in (1, 2):
        site.start_beat(f"beat{number}")
    site.wait("three workers have a message on the wire", lambda: site.post_office.held == 3)
    for name in ("beat1", "beat2"):
        site.wait(f"{name} beats", lambda name=name: "Sending due task" in site.stack.log(name))
    site.post_office.release()
    site.finish()
    return Expected()


def server_hangs_up(site: Site) -> Expected:
    """The mail server takes every 20th message and hangs up without saying so."""
    site.post_office.hang_up_every = 20
    site.start_worker("worker1", "--beat")
    site.finish()
    assert site.post_office.hung_up > 1
    return Expected(site.post_office.hung_up, site.post_office.hung_up)


def server_restarted(site: Site) -> Expected:
    """The mail server goes away in the middle, and comes back."""
    site.start_worker("worker1", "--beat")
    site.wait("mail arrives", lambda: len(site.post_office.messages) >= IN_THE_MIDDLE)
    site.post_office.stop()
    arrived = len(site.post_office.messages)
    site.wait("the worker notices", lambda: noticed(site, r"Sending stops|Mail cannot be sent"))
    time.sleep(2)  # a tick or two that find no server
    assert len(site.post_office.messages) == arrived
    site.post_office.start()
    site.finish()
    return Expected(0, 1)


def redis_restarted(site: Site) -> Expected:
    """Redis goes away in the middle with all that was queued in it, and comes back empty."""
    assert site.redis is not None
    site.start_worker("worker1")
    site.start_beat("beat1")
    site.wait("mail arrives", lambda: len(site.post_office.messages) >= IN_THE_MIDDLE)
    site.redis.stop()
    site.wait("the worker notices", lambda: noticed(site, r"(?i)connection (to broker )?(lost|refused)|Error 111"))
    time.sleep(2)
    assert site.count("state = 'queued'"), "everything was sent before Redis was missed"
    site.redis.start()
    site.finish()
    return Expected()


def noticed(site: Site, words: str) -> bool:
    return bool(re.search(words, site.stack.log("worker1")))


def readers_leave(site: Site) -> Expected:
    """Readers unsubscribe, and addresses are suppressed, while their digests are queued, some in a worker's hands."""
    site.post_office.hold_at = IN_THE_MIDDLE
    site.start_worker("worker1", "--beat")
    site.wait("the worker has a message on the wire", lambda: site.post_office.held == 1)
    leaving = [*queued(site, "IS NOT NULL"), *queued(site, "IS NULL")]
    assert len(leaving) == 40
    lines = [
        "from django.utils import timezone",
        "from subscriptions import services",
        "from subscriptions.models import Subscriber",
        "now, origin = timezone.now(), services.Origin('one_click')",
        f"for pk in {leaving[::2]}: services.unsubscribe(pk, origin, now)",
        f"for reader in Subscriber.objects.filter(pk__in={leaving[1::2]}):",
        "    services.suppress(reader.address_hash, 'hard_bounce', '', now)",
    ]
    site.stack.manage("shell", "--no-imports", "--command", "\n".join([*lines[:5], "", *lines[5:]]))
    site.post_office.release()
    site.finish()
    assert not site.post_office.received().keys() & addresses(site, leaving), "someone who left was written to"
    return Expected(skipped=len(leaving))


def queued(site: Site, lease: str) -> list[int]:
    """Twenty readers whose digest is queued; `lease IS NOT NULL`: in a worker's hands."""
    found = site.rows(
        f"""SELECT subscriber_id FROM digest_delivery WHERE state = 'queued' AND lease {lease}
        ORDER BY id DESC LIMIT 20"""  # noqa: S608
    )
    return [int(pk) for (pk,) in found]


def addresses(site: Site, readers: list[int]) -> set[str]:
    return {email for (email,) in site.rows("SELECT email FROM subscriptions_subscriber WHERE id = ANY(%s)", readers)}


SCENARIOS: dict[str, Callable[[Site], Expected]] = {
    "worker killed": worker_killed,
    "pool process killed": pool_process_killed,
    "2 beats, 3 workers": crowd,
    "server hangs up": server_hangs_up,
    "server restarted": server_restarted,
    "redis restarted": redis_restarted,
    "readers leave": readers_leave,
}
