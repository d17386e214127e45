"""Visits in; the table, the same as JSON, and whether the aims were met out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SLOWEST = 2.0  # seconds of CPU time
GROWTH = 2.5  # when the size doubles
NOTHING = 0.04  # seconds: below this the clock says more about the machine than about the feed


@dataclass(frozen=True)
class Visit:
    """`cpu` counts seconds of the visit and its parser; `refused` counts entries by reason, or the reply itself."""

    name: str
    variant: str
    outcome: str
    message: str
    cpu: float
    received: int
    refused: dict[str, int]

    @property
    def is_exception(self) -> bool:
        return (self.outcome != "failed" and not self.outcome) or "unexpected" in self.message

    @property
    def is_limited(self) -> bool:
        return "CPU time" in self.message or "needs more than" in self.message


def summary(visits: Sequence[Visit], family: Sequence[Visit], *, rows: int, faults: Sequence[str]) -> dict[str, Any]:
    """All that is to be told; `rows` were stored, `faults` is what the audit found in them."""
    exceptions = [f"{visit.name} ({visit.variant}): {visit.message}" for visit in visits if visit.is_exception]
    exceptions += [f"{visit.name} ({visit.variant}): {visit.message}" for visit in family if visit.is_exception]
    slowest = max(visits, key=lambda visit: visit.cpu, default=None)
    slow = grown(family)
    return {
        "files": len({visit.name for visit in visits}),
        "variants": sorted({visit.variant for visit in visits}),
        "visits": len(visits) + len(family),
        "outcomes": dict(Counter(visit.outcome for visit in [*visits, *family])),
        "exceptions": exceptions,
        "slowest": {"name": f"{slowest.name} ({slowest.variant})", "cpu": round(slowest.cpu, 3)} if slowest else None,
        "cpu": round(sum(visit.cpu for visit in visits), 1),
        "family": slow,
        "rows": rows,
        "refused": dict(total(visits).most_common()),
        "faults": list(faults),
        "passed": not exceptions and not faults and (slowest is None or slowest.cpu < SLOWEST) and all(
            each["met"] for each in slow
        ),
    }  # fmt: skip


def total(visits: Iterable[Visit]) -> Counter[str]:
    reasons: Counter[str] = Counter()
    for visit in visits:
        reasons.update(visit.refused)
    return reasons


def grown(family: Iterable[Visit]) -> list[dict[str, Any]]:
    """For each feed of the family: its three sizes, the CPU time of each, and how that grew from the second on."""
    by_name: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in family:
        by_name[visit.name].append(visit)
    return [growth(name, sorted(visits, key=number)) for name, visits in by_name.items()]


def growth(name: str, visits: Sequence[Visit]) -> dict[str, Any]:
    seconds = [visit.cpu for visit in visits]
    ratio = seconds[-1] / max(seconds[-2], NOTHING) if len(seconds) > 1 else 1.0
    limited = any(visit.is_limited for visit in visits)
    return {
        "name": name,
        "sizes": [visit.variant for visit in visits],
        "cpu": [round(each, 3) for each in seconds],
        "growth": round(ratio, 2),
        "outcome": visits[-1].outcome,
        "said": visits[-1].message.splitlines()[0][:100] if visits[-1].message else "",
        "limited": limited,
        "met": ratio < GROWTH and not limited and not any(visit.is_exception for visit in visits),
    }


def number(visit: Visit) -> int:
    return int(visit.variant.replace(",", ""))


def table(found: dict[str, Any]) -> str:
    lines = [
        f"files {found['files']:,}, visits {found['visits']:,}: {', '.join(found['variants'])}",
        f"outcomes: {', '.join(f'{count:,} {name}' for name, count in found['outcomes'].items())}",
        f"exceptions: {len(found['exceptions'])} (aim: 0)",
        f"slowest: {found['slowest']['cpu']} s of CPU, {found['slowest']['name']} (aim: {SLOWEST:g} s)"
        if found["slowest"]
        else "",
        f"rows stored: {found['rows']:,}; faults: {len(found['faults'])} (aim: 0)",
        "refused, by reason:",
        *(f"  {times:>7,}  {reason}" for reason, times in list(found["refused"].items())[:15]),
        "",
        f"{'feed':36}{'largest':>10}{'CPU s':>24}{'growth':>8}  outcome",
        *(line(each) for each in found["family"]),
        "",
        *(f"EXCEPTION {each}" for each in found["exceptions"][:20]),
        *(f"FAULT {each}" for each in found["faults"][:20]),
        "passed" if found["passed"] else "FAILED",
    ]
    return "\n".join(lines)


def line(each: dict[str, Any]) -> str:
    seconds = "".join(f"{value:8.3f}" for value in each["cpu"])
    mark = "" if each["met"] else " <- over the aim"
    said = "ended at its limit" if each["limited"] else each["said"][:60]
    size, growth = each["sizes"][-1], each["growth"]
    return f"{each['name']:36}{size:>10}{seconds:>24}{growth:8.2f}  {each['outcome']} {said}{mark}"
