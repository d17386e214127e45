"""`make image-like`: an installation like the image's, from its first migration to a restart, probed from outside.

Twice: by the commands of docker-compose.yml, and by those of the systemd units.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import psycopg
import pytest

from config import dotenv
from tests.image.layout import Image
from tests.image.proxy import HOST, Proxy
from tests.pipeline.mailbox import Mailbox, links_in, text_of
from tests.services import PROJECT, free_port, postgres_database, redis_server, with_database
from tests.test_compose import LASTING, OURS, STOPPING_SECONDS
from tests.test_pipeline import form_fields
from tests.test_systemd import command

SITE = f"https://{HOST}"
SECRET = "probe:pa$word"
ENV = """
SECRET_KEY='fifty $characters "which" nobody \\'else\\' has-0123456789abcdef'
SUPPRESSION_KEY=fifty-other-characters-which-nobody-else-has-0123456789
SITE_URL=https://papers.example.org
BEHIND_PROXY=true
POSTAL_ADDRESS="Example Press, 1 Example Street"   # at the foot of every mail
DEFAULT_FROM_EMAIL=Paperboy <digest@papers.example.org>
EMAIL_BACKEND=django.core.mail.backends.smtp.EmailBackend
EMAIL_HOST=127.0.0.1
ANYMAIL_WEBHOOK_SECRET='probe:pa$word'
TICK_SECONDS=2
DAILY_PUBLISH_HOUR=0
CURATION_HOURS=0
"""
NOBODY_IS_ASKED = "from digest.models import Source; Source.objects.update(is_enabled=False)"
PAGES = ("/", "/editions/", "/search/?q=models", "/admin/login/", "/healthz", "/readyz", "/static/favicon.svg")
BAD = re.compile(r" (ERROR|CRITICAL) |Traceback|Permission denied|Read-only file system|\[error\]", re.IGNORECASE)


class Installation:
    """The processes of one layout; `commands` by service."""

    def __init__(self, image: Image, database: str, redis: str, mail_port: int) -> None:
        self.image, self.port = image, free_port()
        self.variables = dotenv.parse(ENV) | {
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": redis,
            "CACHE_URL": redis.removesuffix("/0") + "/1",
            "EMAIL_PORT": str(mail_port),
            "DEBUG": "false",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def commands(self, layout: str) -> dict[str, list[str]]:
        found = {name: command(name) if layout == "systemd" else OURS[name]["command"] for name in LASTING}
        own = f"127.0.0.1:{self.port}"
        return {
            name: [re.sub(r"(0\.0\.0\.0|127\.0\.0\.1):8000", own, word) for word in words]
            + (["--hostname", f"{name}@%h"] if "worker" in words and "--hostname" not in words else [])
            for name, words in found.items()
        }

    def manage(self, *words: str) -> str:
        return self.image.run(["python", "manage.py", *words], self.variables)

    def prepare(self) -> None:
        self.image.run(OURS["migrate"]["command"], self.variables)
        self.manage("shell", "--verbosity", "0", "-c", NOBODY_IS_ASKED)
        self.manage("check", "--deploy", "--fail-level", "WARNING")
        self.manage("import_papers", "digest/sample/papers.atom.xml")

    def start(self, layout: str) -> None:
        for name, words in self.commands(layout).items():
            self.running[name] = self.image.start(words, self.variables, self.image.folder / f"{name}.log")

    def stop(self) -> dict[str, tuple[int, float]]:
        """SIGTERM to all at once, as `docker compose down` does; each one's exit code and seconds."""
        began = time.monotonic()
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        ended = {name: (each.wait(STOPPING_SECONDS), time.monotonic() - began) for name, each in self.running.items()}
        self.running.clear()
        return ended

    def kill(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def restore(self, url: str) -> None:
        """The newest backup; what it took the place of is dropped, or it would stay behind."""
        newest = max((self.image.data / "backups").glob("*.backup"))
        kept = re.search(r"before: database (\w+)", self.manage("restore", str(newest)))
        assert kept
        with psycopg.connect(with_database(url, "postgres"), autocommit=True) as server:
            server.execute(f"DROP DATABASE {kept[1]}".encode())

    def logs(self) -> dict[str, str]:
        return {path.stem: path.read_text(errors="replace") for path in self.image.folder.glob("*.log")}


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    made = Image()
    yield made
    made.remove()


@pytest.mark.long
@pytest.mark.image
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("layout", ["compose", "systemd"])
def test_an_installation_like_the_image_s_does_all_it_should(image: Image, layout: str) -> None:
    with postgres_database() as database, redis_server() as redis, Mailbox() as mailbox:
        here = Installation(image, database, redis, mailbox.port)
        try:
            here.prepare()
            with Proxy(image.folder, here.port) as proxy, proxy.client() as browser:
                here.start(layout)
                wait_until_ready(browser, here)
                pages_are_served(browser)
                a_reader_gets_a_digest_and_leaves(browser, mailbox)
                a_bounce_is_believed_only_with_the_secret(browser, database)
                here.manage("doctor", "--only", "configuration", "pages", "disk", "database", "keys", "broker",
                            "workers", "heartbeat", "mail", "sending")  # fmt: skip
                assert ", verified, " in here.manage("backup")
                ended = here.stop()
                assert {code for code, _ in ended.values()} == {0}, ended
                here.restore(database)
                here.start(layout)
                wait_until_ready(browser, here)
                assert browser.get("/").status_code == 200
                here.stop()
        finally:
            here.kill()
        logs = here.logs()
        lines = [f"{name}: {line}" for name, text in logs.items() for line in text.splitlines() if is_bad(line)]
        assert lines == []
        assert "ada@reader.example" not in "".join(logs.values())
        assert image.files() == image.held
        for path in image.folder.glob("*.log"):
            path.unlink()
        shutil.rmtree(image.folder / "caddy")


def is_bad(line: str) -> bool:
    """That we asked before there was a first tick is no fault."""
    return bool(BAD.search(line)) and not line.endswith("Service Unavailable: /readyz")


def wait_until_ready(browser: httpx.Client, here: Installation, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    answer = "nothing"
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            response = browser.get("/readyz")
            answer = response.text
            if response.status_code == 200:
                return
        ended = {name: each.poll() for name, each in here.running.items() if each.poll() is not None}
        assert not ended, (ended, {name: here.logs()[name][-2000:] for name in ended})
        time.sleep(0.3)
    raise AssertionError(f"not ready: {answer} {here.logs()}")


def pages_are_served(browser: httpx.Client) -> None:
    for path in PAGES:
        response = browser.get(path)
        assert response.status_code == 200, path
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000", path
    page = browser.get("/").text
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page + browser.get("/admin/login/").text))
    assert len(files) > 3
    for path in files:
        response = browser.get(path)
        assert (response.status_code, "max-age" in response.headers["Cache-Control"]) == (200, True), path
    assert "Content-Security-Policy" in browser.get("/").headers
    missing = browser.get("/no-such-page")
    assert (missing.status_code, "Paperboy" in missing.text) == (404, True)
    assert browser.get("/", headers={"Host": "elsewhere.example.org"}).status_code in (400, 421, 200)


def a_reader_gets_a_digest_and_leaves(browser: httpx.Client, mailbox: Mailbox) -> None:
    fields = form_fields(browser.get("/").text, "/subscribe")
    time.sleep(2.1)  # people need longer than that; robots do not
    chosen = {"email": "ada@reader.example", "frequency": "daily", "time_zone": "UTC", "topics": ["language-models"]}
    assert browser.post("/subscribe", data={**fields, **chosen}).status_code == 200
    mailbox.wait_for(1, lambda: mailbox.confirmations("ada@reader.example"))
    [mail] = mailbox.confirmations("ada@reader.example")
    link = next(each for each in links_in(text_of(mail), SITE) if "/c/" in each).removeprefix(SITE)
    answer = browser.post(link, data=form_fields(browser.get(link).text, ""))
    assert answer.status_code == 200, answer.text[:2000]
    mailbox.wait_for(1, lambda: mailbox.digests("ada@reader.example"), seconds=90)
    [digest] = mailbox.digests("ada@reader.example")
    leave = re.search(rf"<{re.escape(SITE)}(/u/[^>]+)>", digest["List-Unsubscribe"])
    assert leave
    browser.cookies.clear()  # a mailbox has none, and comes from nowhere
    one_click = browser.post(leave[1], data={"List-Unsubscribe": "One-Click"}, headers={"Referer": ""})
    assert one_click.status_code == 200


def a_bounce_is_believed_only_with_the_secret(browser: httpx.Client, database: str) -> None:
    hook = "/anymail/postmark/tracking/"
    bounce = {
        "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "ID": 1, "MessageID": "none",
        "Email": "ada@reader.example", "BouncedAt": "2026-01-01T00:00:00Z", "Details": "no such user",
    }  # fmt: skip
    assert browser.post(hook, json=bounce).status_code == 400
    name, _, password = SECRET.partition(":")
    assert browser.post(hook, json=bounce, auth=(name, password)).status_code == 200
    with psycopg.connect(database) as rows:
        assert rows.execute("SELECT count(*) FROM digest_providerevent").fetchone() == (1,)


def test_the_image_has_what_a_backup_needs() -> None:
    """pg_dump of the version that the database is."""
    dockerfile = (PROJECT / "Dockerfile").read_text()
    compose = (PROJECT / "docker-compose.yml").read_text()
    client = re.search(r"postgresql-client-(\d+)", dockerfile)
    server = re.search(r"image: postgres:(\d+)\.", compose)
    assert client
    assert server
    assert client[1] == server[1]
