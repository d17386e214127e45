"""The image by hand: what the Dockerfile copies and makes, in a folder, for the user that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.services import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def image_user() -> int | None:
    """The user's number in the image; None where we may not become somebody else."""
    found = re.search(r"useradd .*--uid (\d+)", DOCKERFILE)
    assert found
    return int(found[1]) if os.geteuid() == 0 else None


class Image:
    """`app` is the code, which nobody may write to; `data` and `tmp` are its user's."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="paperboy-image-"))
        self.folder.chmod(0o755)
        self.app, self.data, self.tmp = (self.folder / name for name in ("app", "data", "tmp"))
        self.user = image_user()
        self.who: dict[str, Any] = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        for folder in (self.app, self.data, self.tmp):
            folder.mkdir()
        for folder in (self.data, self.tmp):
            os.chown(folder, self.user or -1, self.user or -1)
        self.programs()
        self.copy()
        self.make()
        self.close()

    def programs(self) -> None:
        """python, gunicorn and celery by these names, for whoever may not look into our own environment."""
        self.python = next(filter(self.is_usable, (sys.executable, "/usr/bin/python3")))
        (self.folder / "bin").mkdir()
        for name, options in (("python", ""), ("gunicorn", "-m gunicorn"), ("celery", "-m celery")):
            path = self.folder / "bin" / name
            path.write_text(f'#!/bin/sh\nexec {self.python} {options} "$@"\n')
            path.chmod(0o755)

    def is_usable(self, python: str) -> bool:
        program = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
        try:
            return not subprocess.run([python, "-c", program], check=False, cwd="/", **self.who).returncode
        except PermissionError:
            return False

    def copy(self) -> None:
        """As .dockerignore leaves them: without bytecode."""
        without = shutil.ignore_patterns("__pycache__", "*.py[cod]")
        for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE):
            *names, target = line.split()
            for name in names:
                if (PROJECT / name).is_dir():
                    shutil.copytree(PROJECT / name, self.app / target, ignore=without)
                else:
                    shutil.copy(PROJECT / name, self.app / name)

    def make(self) -> None:
        """The steps that the Dockerfile runs in the code, as root does them."""
        lines = re.findall(r"^RUN (python -m compileall -q \.|SECRET_KEY=.+ collectstatic --noinput)", DOCKERFILE, re.M)
        assert len(lines) == 2
        for line in lines:
            command = line.replace("/tmp/build", str(self.folder / "build"))
            self.run(["sh", "-c", command], {}, as_user=False)

    def close(self) -> None:
        for path in [self.app, *self.app.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222 | 0o444)
        self.held = self.files()

    def files(self) -> set[Path]:
        return set(self.app.rglob("*"))

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Of a container: nothing of ours but the packages; a home that cannot be written to."""
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.app),
            "HOSTNAME": os.uname().nodename,
            "TMPDIR": str(self.tmp),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data),
            **variables,
        }

    def run(self, words: list[str], variables: Mapping[str, str], *, as_user: bool = True) -> str:
        """What the command prints, its errors too; it must end well."""
        who = self.who if as_user else {}
        environment = self.environment(variables)
        done = subprocess.run(
            words, cwd=self.app, env=environment, capture_output=True, text=True, check=False, timeout=300, **who
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def start(self, words: list[str], variables: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                words, cwd=self.app, env=self.environment(variables), stdout=output, stderr=output,
                start_new_session=True, **self.who,
            )  # fmt: skip

    def remove(self) -> None:
        for path in [self.app, *(each for each in self.app.rglob("*") if each.is_dir())]:
            path.chmod(0o755)
        shutil.rmtree(self.folder)
