"""A case in, what a visit made of it out: served on loopback, fetched, parsed, stored; and its CPU time."""

from __future__ import annotations

import os
import re
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from digest.errors import SourceError
from digest.ingestion import refresh
from digest.models import Source
from digest.sources import parsing
from digest.sources.parsing import pool
from digest.sources.sniff import sniff
from tests.feeds.collection import HOSTS, Case
from tests.feeds.report import Visit
from tests.sources.loopback import Answer, Loopback, running

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)
REFUSED = re.compile(r"^refused (\d+): (.*?)(?: \(.*)?$", re.MULTILINE)
DETAIL = re.compile(r"\d[\d,.]*|'.*|\".*|<.*|: (?:line|Expecting|Unterminated|Extra|Invalid).*")


class Visitor:
    """One source on loopback, which is another feed each time."""

    def __init__(self, loopback: Loopback, name: str) -> None:
        self.loopback = loopback
        self.path = f"/{name}"
        there = {"name": name, "kind": "feed", "url": loopback.url + self.path}
        self.source, _ = Source.objects.update_or_create(there, slug=name)

    def warm(self) -> None:
        """Have a parser at hand, so that its start is no feed's."""
        parsing.parse("papers_json", b"[]")

    def visit(self, case: Case) -> Visit:
        self.loopback.serve(self.path, Answer(case.body, headers=case.headers))
        self.loopback.requests.clear()
        fresh = Source(kind=case.kind or kind_of(case))
        forgotten = ("kind", "etag", "last_modified", "fetched_url", "content_hash", "claim", "failures")
        Source.objects.filter(pk=self.source.pk).update(**{name: getattr(fresh, name) for name in forgotten})
        started = cpu()
        try:
            run = refresh(self.source, NOW)
        except Exception as error:
            return Visit(case.name, case.variant, "", f"unexpected {error!r}", cpu() - started, 0, {})
        return Visit(
            case.name, case.variant, run.outcome, run.message, cpu() - started, run.received, refused(run.message)
        )


@contextmanager
def visitor(index: int = 0) -> Iterator[Visitor]:
    """Each has a host of its own, as one host is asked by one visit at a time."""
    with running(HOSTS[index]) as loopback:
        yield Visitor(loopback, f"hostile-{index}")


def kind_of(case: Case) -> str:
    """As an editor would choose: by what the file is, as far as can be seen."""
    try:
        return sniff(case.body, case.name)
    except SourceError:
        return "feed"


def refused(message: str) -> dict[str, int]:
    """Entries by reason; where the reply as a whole was refused, that is one."""
    counted: Counter[str] = Counter()
    for number, reason in REFUSED.findall(message):
        counted[DETAIL.sub("…", reason)] += int(number)
    if not counted and message:
        counted["(the reply) " + DETAIL.sub("…", message.splitlines()[0])[:60]] += 1
    return dict(counted)


def cpu() -> float:
    """Seconds of this thread, of the parser that is kept and of those that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + ended.ru_utime + ended.ru_stime + sum(map(of_process, kept()))


def kept() -> list[int]:
    return [parser.child.process.pid for parser in pool._idle if parser.child]


def of_process(number: int) -> float:
    try:
        return int(Path(f"/proc/{number}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return sum(map(int, Path(f"/proc/{number}/stat").read_text().split()[13:15])) / os.sysconf("SC_CLK_TCK")
