"""What can go wrong, one function each: takes a site with due readers, gives what its fault explains."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.audit import Expected
from tests.chaos.scenarios import content, mail_server, provider, readers, services, workers
from tests.chaos.site import Site

Scenario = Callable[[Site], Expected]
SCENARIOS: dict[str, Scenario] = {
    "processes killed": workers.killed,
    "SIGTERM in the middle": workers.terminated,
    "2 beats, 3 senders": workers.crowd,
    "tasks delivered twice": workers.tasks_twice,
    "Redis restarted, empty": services.redis_restarted,
    "Redis frozen": services.redis_frozen,
    "Redis flushed": services.redis_flushed,
    "PostgreSQL restarted": services.postgres_restarted,
    "PostgreSQL crashed": services.postgres_crashed,
    "clock jumps": services.clock_jumps,
    "disk full": services.disk_full,
    "mail server restarted": mail_server.restarted,
    "4xx, 5xx, 421 at random": mail_server.random_answers,
    "550 5.7.1 to everyone": mail_server.blocked,
    "hangs up before 354": mail_server.hangs_up_before,
    "hangs up after DATA": mail_server.hangs_up_after,
    "mail server slow": mail_server.slow,
    "mail server freezes": mail_server.freezes,
    "password changed": mail_server.password_changed,
    "template broken": content.template_broken,
    "provider: 401": provider.unauthorized,
    "provider: 429": provider.too_many,
    "provider: 503": provider.unavailable,
    "provider: not JSON": provider.nonsense,
    "readers leave": readers.leave,
}
