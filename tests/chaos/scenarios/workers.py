"""Faults of our own processes: killed, stopped, too many, given the same work twice."""

from __future__ import annotations

import random
import time

from celery import Celery

from tests.chaos.audit import Expected
from tests.chaos.site import Site

SENDERS = ("sender", "sender2")
GRACE = 30  # seconds that a worker may take to end


def killed(site: Site) -> Expected:
    """kill -9 of pools, of main processes and of whole workers, at random moments of one long send."""
    chance = random.Random(7)
    number = min(30, max(3, site.readers // 100))
    site.sink.behaviour.latency = 0.02
    site.start(*SENDERS)
    site.make_due()
    for round_ in range(number):
        site.wait_for_mail(chance.randint(1, max(1, site.readers // number // 2)))
        time.sleep(chance.random() / 50)
        name = SENDERS[round_ % 2]
        (site.kill_pool, site.kill_parent, site.kill)[round_ % 3](name)
        site.start(*SENDERS)
    assert not site.is_over(), "everything was sent before the last kill"
    site.behave()
    site.finish()
    site.stop("sender2")
    return Expected(on_wire=site.on_wire())


def terminated(site: Site) -> Expected:
    """SIGTERM to a sender in the middle: it ends in time, with nothing in doubt and the rest in the queue."""
    site.sink.behaviour.latency = 0.2
    site.start()
    site.make_due()
    site.wait_for_mail(20)
    began = time.monotonic()
    site.stop("sender")
    seconds, states = time.monotonic() - began, site.states()
    assert seconds < GRACE, f"the sender took {seconds:.0f} s to end"
    assert not states["claimed"], f"{states['claimed']} rows are still claimed"
    assert not states["unknown"], f"{states['unknown']} rows are in doubt"
    assert states["queued"], "everything was sent before the signal"
    site.behave()
    site.start()
    site.finish()
    return Expected()


def crowd(site: Site) -> Expected:
    """Two beats and three senders at once."""
    names = (*SENDERS, "sender3")
    site.sink.behaviour.latency = 2.0
    site.start(*names)
    site.start_beat("beat2")
    site.make_due()
    site.wait("all senders are at work", lambda: len(site.rows("SELECT 1 FROM digest_lease")) == len(names))
    site.wait("the second beat beats", lambda: "Sending due task" in site.log("beat2"))
    site.behave()
    site.finish()
    site.stop("beat2", "sender2", "sender3")
    return Expected()


def tasks_twice(site: Site) -> Expected:
    """Every kind of task is handed out many times over, some under the same id, while two senders are at work."""
    site.sink.behaviour.latency = 0.01
    site.start(*SENDERS)
    site.make_due()
    with Celery(broker=site.redis.url) as client:
        for number in range(20):
            for task, queue in (("tick", "control"), ("plan_deliveries", "control"), ("send_digests", "bulk")):
                route = {"queue": queue, "exchange": queue, "routing_key": queue}
                for _ in range(2):
                    client.send_task(f"digest.tasks.{task}", task_id=f"{task}-{number}", ignore_result=True, **route)
    site.finish()
    site.stop("sender2")
    return Expected()
