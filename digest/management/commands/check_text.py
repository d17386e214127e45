"""Count where TeX still shows in the titles and abstracts of recorded papers, and what converting them costs."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from digest import tex
from digest.tex.traces import KINDS, traces

FIELDS = ("title", "abstract")


class Command(BaseCommand):
    help = (
        "Read recorded papers (JSON lines with title and abstract; of a folder arxiv.jsonl.gz) and tell how many "
        " show TeX as typed and as shown, by kind; the last line is one JSON object. Uses no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", type=Path, help="A folder or a file")
        parser.add_argument("--examples", type=int, default=0, metavar="N", help="Show N texts of each kind left")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, path: Path, examples: int, **options: Any) -> None:
        try:
            results = counted(path / "arxiv.jsonl.gz" if path.is_dir() else path, examples)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
        left = results.pop("examples")
        if not options["json"]:
            self.stdout.writelines(f"{line}\n" for line in table(results))
            self.stdout.writelines(f"{kind}: {excerpt!r}\n" for kind, excerpt in left)
        self.stdout.write(json.dumps(results))


def counted(path: Path, examples: int) -> dict[str, Any]:
    """For each field: texts, and how many have a trace at all and of each kind, as typed and as shown."""
    counts: dict[str, Counter[str]] = {f"{field}_{form}": Counter() for field in FIELDS for form in ("typed", "shown")}
    left: list[tuple[str, str]] = []
    papers, seconds = 0, 0.0
    for paper in recorded(path):
        papers += 1
        for field in FIELDS:
            typed = paper[field] or ""
            started = time.process_time()
            shown = tex.readable(typed)
            seconds += time.process_time() - started
            counts[f"{field}_typed"].update(present(traces(typed)))
            remaining = traces(shown)
            counts[f"{field}_shown"].update(present(remaining))
            left += [(kind, excerpt) for kind, excerpt in remaining.items() if examples]
    kept = [pair for kind in KINDS for pair in [pair for pair in left if pair[0] == kind][:examples]]
    return {"papers": papers, "cpu_us_per_paper": round(1e6 * seconds / max(papers, 1), 1), **counts, "examples": kept}


def present(found: dict[str, str]) -> list[str]:
    return ["any", *found] if found else []


def recorded(path: Path) -> Iterator[dict[str, Any]]:
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def table(results: dict[str, Any]) -> Iterator[str]:
    columns = [f"{field}_{form}" for field in FIELDS for form in ("typed", "shown")]
    yield f"{results['papers']:,} papers, {results['cpu_us_per_paper']} µs of CPU each"
    yield "| kind | " + " | ".join(column.replace("_", "s, ") for column in columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for kind in ("any", *KINDS):
        yield f"| {kind} | " + " | ".join(f"{results[column][kind]:,}" for column in columns) + " |"
