"""Due sources in, those that may be visited now out, by gate: a whole queue at one host occupies one worker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q

from digest.ingestion.manners import hosts, names
from digest.models import Host, Source, SourceRun

# A visit that takes longer than this no longer keeps others of its gate from being begun.
UNDER_WAY = timedelta(minutes=2)


def ready(now: datetime) -> list[list[int]]:
    """Ids of due sources, those behind one gate together, the longest due first.

    None behind a gate that is paused, or where one is being visited: the task that does it goes on to the others, or
    the next tick finds them.
    """
    due = by_gate(Source.objects.due(now).order_by(F("next_check_at").asc(nulls_first=True), "pk"))
    closed = set(Host.objects.shut(now).filter(name__in=due).values_list("name", flat=True))
    closed |= by_gate(Source.objects.filter(pk__in=visited(now))).keys()
    return [ids for gate, ids in due.items() if gate not in closed]


def hasten(gate: str, now: datetime, until: datetime | None = None) -> None:
    """The host works again, or is to be tried: what failed there, or was put off up to `until`, is due now."""
    waiting = Q(failures__gt=0) | Q(next_check_at__lte=until or now)
    sources = Source.objects.filter(waiting, is_enabled=True).exclude(pk__in=visited(now))
    Source.objects.filter(pk__in=by_gate(sources).get(gate, [])).update(next_check_at=now)


def try_now(host: Host, now: datetime) -> bool:
    """An operator ends the pause: the next request is a trial. False where nothing is paused, or it is being tried."""
    is_ended = hosts.end_pause(host.name, now)
    if is_ended:
        hasten(host.name, now, host.next_turn_at)
    return is_ended


def sources_behind() -> dict[str, int]:
    """How many sources that are visited each gate has."""
    return {gate: len(ids) for gate, ids in by_gate(Source.objects.filter(is_enabled=True)).items()}


def visited(now: datetime) -> list[int]:
    """The ids of sources whose visit is under way."""
    runs = SourceRun.objects.filter(outcome="", started_at__gt=now - UNDER_WAY)
    return [pk for pk in runs.values_list("source", flat=True) if pk]


def by_gate(sources: Iterable[Source]) -> dict[str, list[int]]:
    gates: defaultdict[str, list[int]] = defaultdict(list)
    for source in sources:
        gates[names.gate_of_url(source.url)].append(source.pk)
    return dict(gates)
