"""eval_ranking: its last line is one JSON object; what is absent or broken is named, and the exit code tells."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from digest.management.commands.eval_ranking import BASELINES, MEASURES
from tests.evaluation import recording
from tests.services import PROJECT, process_environment


def run(*arguments: str) -> list[str]:
    output = StringIO()
    call_command("eval_ranking", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_the_last_line_has_every_measure_of_every_task(tmp_path: Path) -> None:
    lines = run(str(recording.write(tmp_path)))
    results = json.loads(lines[-1])
    for task, measures in MEASURES.items():
        assert set(measures) <= set(results[task])
        assert results[task]["seconds"] >= 0
    assert results["seconds"] >= 0
    assert results["topics"]["p50"] is None  # no category has a hundred papers here
    assert any("hit10" in line and "TF-IDF centroid 0.512" in line for line in lines)


def test_every_plain_method_has_a_figure_for_every_measure() -> None:
    for task, methods in BASELINES.items():
        assert {len(figures) for figures in methods.values()} == {len(MEASURES[task])}


def test_json_alone_is_one_line(tmp_path: Path) -> None:
    (line,) = run(str(recording.write(tmp_path)), "--json")
    assert json.loads(line)["search"]["ndcg10"] == 1


def test_an_absent_folder_is_said_plainly_and_is_a_failure(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "manage.py", "eval_ranking", str(tmp_path / "nowhere"), "--json"],
        cwd=PROJECT,
        env=process_environment(DATA_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert f"There is no folder {tmp_path / 'nowhere'}" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (recording.write(tmp_path) / "events.tsv").unlink()
    with pytest.raises(CommandError, match=r"lacks events\.tsv"):
        run(str(tmp_path))


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    with (recording.write(tmp_path) / "queries.jsonl").open("a") as file:
        file.write("{not json\n")
    with pytest.raises(CommandError, match=r"queries\.jsonl, line 3"):
        run(str(tmp_path))


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    whole = (recording.write(tmp_path) / "arxiv.jsonl.gz").read_bytes()
    (tmp_path / "arxiv.jsonl.gz").write_bytes(whole[:-12])
    with pytest.raises(CommandError, match=r"arxiv\.jsonl\.gz cannot be read"):
        run(str(tmp_path))
