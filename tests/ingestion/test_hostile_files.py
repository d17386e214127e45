"""Files made to hurt an import: one member, one line costs itself, and says why; the rest comes in."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from datetime import UTC, datetime

import pytest

from digest.ingestion import files, import_file
from digest.models import Outcome, Paper
from digest.sources.parsing import limits

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)
DEEP = b"[" + b"[]," * 5_000_000 + b"[]]"

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    monkeypatch.setattr(limits, "SECONDS_PER_MEGABYTE", 0.0)


def record(number):
    return json.dumps([{"title": f"The paper of number {number}", "url": f"https://example.org/{number}"}]).encode()


def archive(path, members):
    with tarfile.open(path, "w:gz", compresslevel=1) as packed:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            packed.addfile(info, io.BytesIO(body))
    return path


def test_a_member_that_takes_too_much_is_refused_and_costs_no_other(tmp_path, tiny):
    members = {"1.json": record(1), "busy.json": DEEP, "page.html": b"<html>", "2.json": record(2)}
    run = import_file(archive(tmp_path / "papers.tar.gz", members), NOW)
    assert (run.outcome, run.new, run.refused) == (Outcome.FRESH, 2, 2)
    assert "CPU time" in run.message
    assert "busy.json" in run.message


def test_a_line_that_takes_too_much_is_refused_and_costs_no_other(tmp_path, tiny):
    busy = b'{"title": "Busy", "list": %s}' % DEEP
    lines = [*(record(number)[1:-1] for number in range(20)), busy, *(record(number)[1:-1] for number in range(20, 40))]
    path = tmp_path / "papers.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(lines), 1))
    run = import_file(path, NOW)
    assert (run.outcome, run.new, run.refused) == (Outcome.FRESH, 40, 1)
    assert "CPU time" in run.message


def test_a_stored_reply_that_takes_too_much_fails_and_says_so(tmp_path, tiny):
    (tmp_path / "busy.json").write_bytes(DEEP)
    run = import_file(tmp_path / "busy.json", NOW)
    assert (run.outcome, "CPU time" in run.message) == (Outcome.FAILED, True)


def test_a_header_without_end_is_refused_before_anyone_reads_it(tmp_path):
    """Python looks through what a header says of itself in time with the square of its length."""
    info = tarfile.TarInfo("1.json")
    info.size = len(record(1))
    info.pax_headers = {"comment": "1" * 2_000_000}
    path = tmp_path / "papers.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as packed:
        packed.addfile(info, io.BytesIO(record(1)))
    started = time.process_time()
    run = import_file(path, NOW)
    assert (run.outcome, "header" in run.message) == (Outcome.FAILED, True)
    assert time.process_time() - started < 2


def test_an_archive_of_very_many_members_is_not_kept_in_memory(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(files, "read_reply", lambda stored, name: seen.append(name) or iter(()))
    kept = []
    original = tarfile.TarFile.next

    def counting(packed):
        kept.append(len(packed.members))
        return original(packed)

    monkeypatch.setattr(tarfile.TarFile, "next", counting)
    path = archive(tmp_path / "many.tgz", {f"{number}.json": b"" for number in range(500)})
    kept.clear()
    import_file(path, NOW)
    assert len(seen) == 500
    assert max(kept) <= 1


def test_a_reply_larger_than_any_is_refused_by_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_FILE", 20_000)
    path = archive(tmp_path / "papers.tgz", {"large.json": b"[" + b" " * 50_000 + b"]", "1.json": record(1)})
    run = import_file(path, NOW)
    assert (run.new, run.refused) == (1, 1)
    assert "larger than 20,000 bytes" in run.message
    assert Paper.objects.count() == 1
