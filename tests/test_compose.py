"""docker-compose.yml and the Dockerfile: what they name exists; and the same commands really run, side by side."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery import Celery
from django.conf import settings
from django.core.management import get_commands

from tests.services import PROJECT, free_port, process_environment, stop

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "paperboy"}
LASTING = ("web", "worker", "ingester", "sender", "beat")
WORKERS = ("worker", "ingester", "sender")
# What a worker needs from SIGTERM to its end, and a few seconds for what stops it.
STOPPING_SECONDS = 30
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
BIN = Path(sys.executable).parent


def commands(service: dict[str, Any]) -> list[list[str]]:
    """What runs in a service, its health check included, a list of words each; a shell's `a && b` counts as two."""
    command = service["command"]
    lines = [command[-1]] if command[:2] == ["sh", "-c"] else [" ".join(command)]
    if check := service.get("healthcheck"):
        lines.append(" ".join(check["test"][1:]))
    return [part.split() for line in lines for part in line.split(" && ")]


def test_the_services_are_those_of_the_design():
    assert set(SERVICES) == {*LASTING, "migrate", "postgres", "redis"}
    assert set(COMPOSE["volumes"]) == {"data", "postgres", "redis"}


def test_one_service_builds_the_image_and_every_other_waits_for_it_and_pulls_nothing():
    assert set(OURS) == {*LASTING, "migrate"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
    assert {service["pull_policy"] for service in OURS.values()} == {"never"}
    assert all("migrate" in OURS[name]["depends_on"] for name in LASTING)


@pytest.mark.parametrize("name", OURS)
def test_every_command_starts_a_program_that_is_installed(name):
    assert commands(OURS[name])
    for words in commands(OURS[name]):
        assert words[0] == "python" or (BIN / words[0]).exists()
        if words[:2] == ["python", "manage.py"]:
            assert words[2] in get_commands()


@pytest.mark.parametrize("name", OURS)
def test_every_application_that_is_named_can_be_imported(name):
    for words in commands(OURS[name]):
        if words[0] == "gunicorn":
            assert callable(importlib.import_module(words[1]).application)
        if words[0] == "celery":
            module = importlib.import_module(words[words.index("-A") + 1])
            assert isinstance(module.celery_app, Celery)


def test_the_image_starts_what_the_web_service_starts():
    shown = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert shown is not None
    assert yaml.safe_load(shown[1]) == SERVICES["web"]["command"]


def test_the_install_without_docker_names_every_step_that_the_image_and_migrate_take():
    text = (PROJECT / "docs" / "operations.md").read_text()
    listed = re.findall(r"^ {4}(python manage\.py .+|gunicorn .+|celery .+)$", text, re.MULTILINE)
    built = re.findall(r"python manage\.py [a-z]+ --noinput", DOCKERFILE)
    prepared = [" ".join(words) for words in commands(OURS["migrate"])]
    assert built
    assert listed[:4] == [*built, *prepared]
    lasting = [
        words[: 6 if "worker" in words else 4 if words[0] == "celery" else 2] for words in map(str.split, listed[5:])
    ]
    started = [OURS[name]["command"] for name in LASTING]
    assert all(any(words == command[: len(words)] for command in started) for words in lasting)
    assert len(lasting) == len(LASTING)


def test_every_file_that_the_image_copies_exists_and_is_not_ignored():
    copied = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied
    assert [path for path in copied if not (PROJECT / path).exists()] == []
    assert set(copied) == allowed


def test_the_image_holds_every_package_that_the_settings_need():
    copied = set(re.findall(r"^COPY (\S+) \1$", DOCKERFILE, re.MULTILINE))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert packages <= copied


def test_the_image_holds_the_bytecode_that_its_user_cannot_keep():
    """Of Python itself and of us; pip makes that of the packages."""
    copied, compiled = DOCKERFILE.rindex("\nCOPY "), DOCKERFILE.index("\nRUN python -m compileall -q .\n")
    assert copied < compiled < DOCKERFILE.index("\nUSER ")
    assert re.search(r"^RUN python -m compileall .*stdlib", DOCKERFILE, re.MULTILINE)


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")


def test_every_variable_is_documented():
    text = (PROJECT / "docker-compose.yml").read_text()
    documented = set(re.findall(r"^### ([A-Z_]+)$", (PROJECT / "docs" / "settings.md").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    given = {name for service in OURS.values() for name in service["environment"]}
    assert used | given <= documented


def test_no_secret_stands_in_the_file():
    """A value that could be one comes from .env."""
    text = (PROJECT / "docker-compose.yml").read_text()
    for name, value in re.findall(r"^\s+(\w*(?:PASSWORD|SECRET|KEY|TOKEN)\w*): (.+)$", text, re.MULTILINE):
        assert value.startswith("${"), name
    assert re.search(r"://\w+:(?!\$\{)[^@\s]+@", text) is None


def queues(name: str) -> list[str]:
    command = OURS[name]["command"]
    return str(command[command.index("--queues") + 1]).split(",")


def test_every_queue_has_one_service_and_what_takes_long_keeps_nobody_waiting():
    served = [queue for name in WORKERS for queue in queues(name)]
    assert sorted(served) == sorted(settings.QUEUES)
    assert [name for name in WORKERS if {"urgent", "control"} & set(queues(name))] == ["worker"]
    assert (queues("sender"), queues("ingester")) == (["bulk"], ["ingestion"])


def test_everything_that_is_ours_runs_without_rights_and_writes_to_its_volume_alone():
    for name, service in OURS.items():
        assert (service["read_only"], service["init"], service["cap_drop"]) == (True, True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert (service["volumes"], service["tmpfs"]) == (["data:/data"], ["/tmp"]), name
        assert "user" not in service  # the image's
        assert "privileged" not in service
    assert re.search(r"^USER paperboy$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", SERVICES)
def test_no_log_grows_for_ever(name):
    assert {"max-size", "max-file"} <= set(SERVICES[name]["logging"]["options"])


@pytest.mark.parametrize("name", [*LASTING, "redis"])
def test_every_service_has_a_limit_of_memory(name):
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])


@pytest.mark.parametrize("name", [*WORKERS, "web"])
def test_docker_waits_longer_than_a_stop_takes(name):
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > STOPPING_SECONDS


def test_every_image_is_pinned_to_a_release_and_a_distribution():
    """A tag that moves would bring another PostgreSQL with the next pull."""
    base = re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE)
    others = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    assert [image for image in (*base, *others) if not re.fullmatch(r"\w+:\d+\.\d+[\w.-]*-bookworm", image)] == []


def test_a_health_check_asks_the_process_it_stands_beside():
    """Not the database, nor the queue: a web server that is called unwell because beat stands still is of no use."""
    assert "/healthz" in " ".join(OURS["web"]["healthcheck"]["test"])
    for name in WORKERS:
        assert "inspect ping --destination celery@$$HOSTNAME" in " ".join(OURS[name]["healthcheck"]["test"])


def test_redis_keeps_its_tasks_and_never_evicts_them():
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert re.search(r"--maxmemory \d+mb", command)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_service_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", LASTING)
def test_nothing_starts_before_the_database_is_migrated(name):
    needs = SERVICES[name]["depends_on"]
    assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert needs["postgres"]["condition"] == needs["redis"]["condition"] == "service_healthy"


def test_only_loopback_is_published():
    assert [port for service in SERVICES.values() for port in service.get("ports", [])] == [
        "127.0.0.1:${WEB_PORT:-8000}:8000"
    ]


# The same processes, by hand


class Deployment:
    """The services of the compose file that are ours, started from its own commands on this machine."""

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        self.folder, self.port = folder, free_port()
        values = {
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": redis,
            "CACHE_URL": redis.removesuffix("/0") + "/1",
            "DATA_DIR": str(folder),
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOSTNAME": os.uname().nodename,
            "STATIC_ROOT": str(folder / "static"),
            "TICK_SECONDS": "1",
        }
        given = {name: str(value) for name, value in OURS["web"]["environment"].items()}
        self.environment = process_environment(**given | values)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, words: list[str]) -> list[str]:
        """A command with this test's port, and the shell's `$$` as Compose would hand it on."""
        own = f"127.0.0.1:{self.port}"
        return [re.sub(r"(0\.0\.0\.0|127\.0\.0\.1):8000", own, word).replace("$$", "$") for word in words]

    def run(self, words: list[str]) -> None:
        done = subprocess.run(words, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def manage(self, *words: str) -> None:
        self.run([sys.executable, "manage.py", *words])

    def run_once(self, name: str) -> None:
        self.run(self.here(OURS[name]["command"]))

    def start(self, name: str) -> None:
        words = self.here(OURS[name]["command"])
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                words, cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def is_healthy(self, name: str) -> bool:
        kind, *words = OURS[name]["healthcheck"]["test"]
        command = self.here(words) if kind == "CMD" else ["sh", "-c", *self.here(words)]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, check=False, timeout=60)
        return done.returncode == 0

    def wait_until_healthy(self, name: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_healthy(name):
            log = (self.folder / f"{name}.log").read_text()[-3000:]
            assert self.running[name].poll() is None, f"{name} ended: {log}"
            assert time.monotonic() < deadline, f"{name} is not healthy: {log}"
            time.sleep(0.5)

    def stop(self) -> None:
        for process in self.running.values():
            stop(process)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.redis
def test_the_same_processes_run_on_postgresql_and_redis(tmp_path, postgres_url, redis_url):
    deployment = Deployment(tmp_path, postgres_url, redis_url)
    deployment.manage("collectstatic", "--noinput")  # a step of the image
    try:
        deployment.run_once("migrate")
        deployment.run_once("migrate")  # harmless to repeat, as every restart does
        deployment.manage("shell", "-c", "from digest.models import Source; Source.objects.update(is_enabled=False)")
        for name in ("web", "worker", "beat"):
            deployment.start(name)
        for name in ("web", "worker", "beat"):
            deployment.wait_until_healthy(name)
        with urllib.request.urlopen(f"http://127.0.0.1:{deployment.port}/", timeout=10) as page:
            assert page.status == 200
            assert b"trending papers" in page.read()
    finally:
        deployment.stop()
    assert not deployment.is_healthy("web")
    assert not deployment.is_healthy("worker")


def test_the_tools_that_the_health_checks_of_others_use_are_real():
    """Of PostgreSQL and Redis, where they are installed here."""
    for name in ("postgres", "redis"):
        program = SERVICES[name]["healthcheck"]["test"][1]
        if shutil.which("redis-server" if name == "redis" else "pg_isready"):
            assert shutil.which(program)
