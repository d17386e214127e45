"""A tiny recording, invented: one member, a fortnight of lists, two searches, three days of papers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

META = {"topics": {"background_before": "2026-01-10"}, "trend": {"train_before": "2026-01-12"}}


def paper(id_: str, day: str, title: str, categories: Sequence[str] = ("cs.RO",), **facts: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "first_day": day,
        "title": title,
        "authors": ["A. Author"],
        "categories": list(categories),
        "comment": None,
        "abstract": "",
        **facts,
    }


def listed(id_: str, day: str, upvotes: int) -> dict[str, Any]:
    return {
        "id": id_,
        "day": day,
        "title": id_,
        "abstract": "",
        "upvotes": upvotes,
        "comments": None,
        "github_stars": None,
    }


PAPERS = [
    paper("old", "2026-01-05", "Robots of old"),
    paper("r1", "2026-01-10", "Robotics for all"),
    paper("r2", "2026-01-11", "A walking machine"),
    paper("a1", "2026-01-12", "Image segmentation", ["cs.CV"]),
    paper("a2", "2026-01-12", "On counting", ["math.XX"]),
    paper("b1", "2026-01-13", "On adding", ["math.XX"]),
]
LISTED = [
    *(listed(f"p{number}", f"2026-01-0{number}", 5) for number in range(1, 6)),
    listed("gone", "2026-01-03", 99),
    listed("same", "2026-01-05", 9),
    listed("loud", "2026-01-10", 50),
    listed("found", "2026-01-10", 7),
    listed("still", "2026-01-09", 1),
    listed("a1", "2026-01-13", 3),
    listed("r2", "2026-01-14", 3),
]
# Five make the profile; `same` is of the day on which it ends; `found` is later, and on the list with four others.
EVENTS = [*((f"2026-01-0{number}", "u0", f"p{number}") for number in range(1, 6))]
EVENTS += [("2026-01-05", "u0", "same"), ("2026-01-10", "u0", "found")]
SEARCHES = [
    {
        "query": "Walking of robots?",
        "candidates": [
            {"title": "The of", "abstract": "of of", "grade": 0},
            {"title": "Robots", "abstract": "walking", "grade": 2},
            {"title": "Cooking", "abstract": None, "grade": 0},
        ],
    },
    {"query": "Nothing", "candidates": [{"title": "Something", "abstract": "", "grade": 0}]},
]


def write(folder: Path, **files: Any) -> Path:
    """The folder, holding the invented recording; files given by stem take the place of its own."""
    rows = {"arxiv": PAPERS, "listed": LISTED, "events": EVENTS, "queries": SEARCHES, "meta": META, **files}
    for name in ("arxiv", "listed"):
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(_lines(rows[name]).encode()))
    (folder / "events.tsv").write_text("\n".join("\t".join(row) for row in [("day", "user", "paper"), *rows["events"]]))
    (folder / "queries.jsonl").write_text(_lines(rows["queries"]))
    (folder / "meta.json").write_text(json.dumps(rows["meta"]))
    return folder


def _lines(rows: Sequence[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
