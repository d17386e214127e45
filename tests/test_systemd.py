"""docs/systemd: units that systemd accepts, of the same processes as everywhere else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import PROJECT, missing
from tests.test_compose import LASTING, OURS, STOPPING_SECONDS

FOLDER = PROJECT / "docs" / "systemd"
PLACE = "/srv/paperboy"


def setting(name: str, key: str) -> str:
    found = re.search(rf"^{key}=(.*)$", (FOLDER / f"paperboy-{name}.service").read_text(), re.MULTILINE)
    assert found, f"{name} has no {key}"
    return found[1]


def command(name: str) -> list[str]:
    return setting(name, "ExecStart").removeprefix(f"{PLACE}/.venv/bin/").replace("%%", "%").split()


def test_there_is_a_unit_for_every_lasting_process():
    text = (FOLDER / "paperboy.target").read_text()
    assert re.findall(r"paperboy-(\w+)\.service", text) == list(LASTING)
    assert all((FOLDER / f"paperboy-{name}.service").exists() for name in LASTING)


@pytest.mark.parametrize("name", LASTING)
def test_a_unit_starts_what_operations_tell_and_compose_starts(name):
    assert " ".join(command(name)) in (PROJECT / "docs" / "operations.md").read_text()
    before_binding = 2 if name == "web" else len(command(name)) - 2 * ("--hostname" in command(name))
    assert command(name)[:before_binding] == OURS[name]["command"][:before_binding]


@pytest.mark.parametrize("name", LASTING)
def test_a_unit_waits_for_a_stop_and_comes_back(name):
    assert int(setting(name, "TimeoutStopSec")) > STOPPING_SECONDS
    assert (setting(name, "KillMode"), setting(name, "Restart")) == ("mixed", "always")
    assert setting(name, "User") == "paperboy"


@pytest.mark.parametrize("name", LASTING)
def test_a_unit_has_the_memory_that_its_container_has(name):
    assert setting(name, "MemoryMax").lower() == OURS[name]["mem_limit"]


def test_systemd_accepts_every_unit(tmp_path: Path):
    if not shutil.which("systemd-analyze"):
        missing("systemd-analyze is not installed")
    for unit in FOLDER.iterdir():
        text = unit.read_text().replace(f"{PLACE}/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(text.replace(PLACE, str(PROJECT)))
    units = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
