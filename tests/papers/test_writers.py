"""Eight workers who import contradictory records at once end where one does."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import services

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 8
SETS = 60  # of papers that share names among themselves
# When a row was first seen depends on who came first, and is left out.
CATALOGUE = """
    SELECT p.key, coalesce(w.key, p.key), p.title, p.abstract, p.doi, p.authors::text, p.version,
        nullif(coalesce(p.own, '{}') - 'first_seen_at', '{}')::text
    FROM digest_paper p LEFT JOIN digest_paper w ON w.id = p.merged_into_id ORDER BY p.key
"""
NAMES = """
    SELECT scheme, value, key, 'means' FROM digest_identifier i JOIN digest_paper p ON p.id = i.paper_id
    UNION ALL SELECT scheme, value, key, 'claims' FROM digest_claim c JOIN digest_paper p ON p.id = c.paper_id
    ORDER BY 1, 2, 3, 4
"""


def contradictory(seed: int) -> list[dict[str, object]]:
    """Records of which some give two preprints one DOI, some one preprint two, and some only a title."""
    rng = random.Random(seed)
    records = []
    for number in range(SETS):
        for _ in range(8):
            record: dict[str, object] = {
                "title": rng.choice(
                    [f"Telling title number {number} of many", f"Another telling title, number {number}"]
                ),
                "authors": rng.choice([[], ["Ann One"], ["Bob Two"], ["A. One", "B. Two"]]),
                "abstract": rng.choice(["", "We show.", "We show that it works."]),
                "comment": rng.choice(["", "10 pages"]),
            }
            if rng.random() < 0.5:
                record["arxiv_id"] = f"2606.{number:04}{rng.randrange(2)}"
                record["version"] = rng.randrange(1, 4)
            if rng.random() < 0.5:
                record["doi"] = f"10.1000/{number}.{rng.randrange(3)}"
            records.append(record)
    rng.shuffle(records)
    return records


def imported(url: str, files: list[Path], *, at_once: bool) -> tuple[list[object], list[object]]:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    crews = [[path] for path in files] if at_once else [files]
    workers = [
        subprocess.Popen([*manage, "import_papers", *map(str, crew)], env=environment, stdout=subprocess.DEVNULL)
        for crew in crews
    ]
    assert [worker.wait(timeout=300) for worker in workers] == [0] * len(crews)
    with psycopg.connect(url) as database:
        return database.execute(CATALOGUE).fetchall(), database.execute(NAMES).fetchall()


@pytest.mark.long
@pytest.mark.postgres
def test_eight_writers_of_contradictory_records_end_where_one_does(postgres_url, tmp_path):
    records = contradictory(1)
    shares = [records[start::WRITERS] for start in range(WRITERS)]
    files = []
    for number, share in enumerate(shares):
        files.append(tmp_path / f"{number}.json")
        # Each also has its neighbour's, the other way round.
        files[-1].write_text(json.dumps([*share, *reversed(shares[number - 1])]))
    crowded = imported(postgres_url, files, at_once=True)
    with services.postgres_database() as other:
        assert imported(other, files[::-1], at_once=False) == crowded
    assert len(crowded[0]) > 2 * SETS
