"""The whole story, once: real feeds in, sign-up on the web, beat and workers, SMTP, links, bounce, goodbye.

Run with `-s` it tells the story as it goes. Nothing here is faked but the outer ends: recorded feeds are served over
loopback HTTP, and an SMTP server on loopback keeps the mail.
"""

from __future__ import annotations

import html
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.pipeline.feeds import FeedServer, recorded_replies
from tests.pipeline.mailbox import Mailbox, html_of, links_in, paper_links, text_of
from tests.pipeline.stack import Stack

READERS = {
    "ada@reader.example": {"topics": ["language-models"], "frequency": "daily", "digest_length": "5"},
    "ben@reader.example": {"topics": ["computer-vision"], "frequency": "weekdays", "digest_length": "10"},
    "cleo@reader.example": {"topics": ["robotics", "reinforcement-learning"], "frequency": "daily"},
    "dan@reader.example": {"topics": [], "frequency": "daily", "time_zone": "Pacific/Auckland"},
    "eve@reader.example": {"topics": ["language-models", "robotics"], "frequency": "weekly"},
    "fay@reader.example": {"topics": ["computer-vision"], "frequency": "daily", "time_zone": "America/New_York"},
}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
WEBHOOK_SECRET = "pipeline:pipeline-secret"


class Database:
    """Reads the installation's database from outside, past all of its code."""

    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)) as connection:
                return connection.execute(statement, values).fetchall()
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.replace("?", "%s"), values).fetchall()

    def one(self, statement: str, *values: Any) -> Any:
        return self.rows(statement, *values)[0][0]

    def snapshot(self) -> list[Any]:
        """Everything a link in a mail could possibly change, and no tick does meanwhile."""
        return [
            self.rows(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
            for table in (
                "subscriptions_subscriber", "subscriptions_subscriber_topics", "subscriptions_consentrecord",
                "subscriptions_suppression",
            )
        ]  # fmt: skip


class Story:
    """One installation being lived in: each step acts as a person would, then looks into the database."""

    def __init__(self, stack: Stack, feeds: FeedServer, mailbox: Mailbox, database: Database) -> None:
        self.stack, self.feeds, self.mailbox, self.database = stack, feeds, mailbox, database
        self.began = time.monotonic()

    def tell(self, sentence: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {sentence}", flush=True)

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.stack.url, follow_redirects=True, timeout=30)

    # Papers come in

    def papers_come_in(self, seed: Path) -> None:
        self.stack.manage("migrate", "--verbosity", "0")
        self.stack.manage("createcachetable")
        self.stack.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.use_recorded_sources()
        account = self.stack.manage_json("refresh_sources")
        runs = {run["source"]: run for run in account["sources"]}
        assert len(runs) == 27
        assert {run["outcome"] for run in runs.values()} == {"fresh"}
        for run in runs.values():
            assert run["received"] == run["new"] + run["known"] + run["updated"] + run["refused"]
        self.stack.manage("import_papers", str(seed))
        papers = self.database.one("SELECT count(*) FROM digest_paper")
        identities = self.database.one("SELECT count(DISTINCT arxiv_id) FROM digest_paper")
        assert papers > 1000
        assert identities > papers - 60, "only the imported seed comes without an arXiv id"
        received = sum(run["received"] for run in runs.values())
        self.tell(f"papers in: {received} received from {len(runs)} sources + 54 imported, {papers} papers kept")

    def use_recorded_sources(self) -> None:
        """The installation's own sources are put to rest, and the recorded ones take their place."""
        paths = sorted(self.feeds.replies)
        lines = [
            "from digest.models import Source",
            "Source.objects.update(is_enabled=False)",
            *[
                f"Source.objects.create(name={path!r}, slug={path.strip('/').replace('/', '-').replace('.', '-')!r}, "
                f"kind={self.kind_of(path)!r}, url={self.feeds.url + path!r}, interval_minutes=1)"
                for path in paths
            ],
        ]
        self.stack.manage("shell", "--no-imports", "--command", "\n".join(lines))

    @staticmethod
    def kind_of(path: str) -> str:
        kinds = {"atom": "arxiv_atom", "api": "arxiv_api", "daily_papers": "huggingface_daily"}
        return kinds[path.split("/")[1]]

    # Readers sign up

    def readers_sign_up(self) -> None:
        self.sign_up(READERS)
        for address in READERS:
            self.mailbox.wait_for(1, lambda address=address: self.mailbox.confirmations(address))
        assert not self.database.rows("SELECT id FROM subscriptions_subscriber"), (
            "nobody is a reader who did not confirm"
        )
        assert not self.mailbox.digests(), "nobody gets a digest they did not confirm"
        before = self.database.snapshot()
        confirmations = {address: self.confirmation_link(address) for address in READERS}
        with self.browser() as browser:
            for link in confirmations.values():
                assert browser.get(link).status_code == 200
                assert browser.head(link).status_code == 200
            assert self.database.snapshot() == before, "a GET changed something"
            for link in confirmations.values():
                self.press_button(browser, link)
        assert self.database.rows("SELECT DISTINCT status FROM subscriptions_subscriber") == [("active",)]
        self.tell(f"{len(READERS)} readers signed up through the form and confirmed by the button")

    def sign_up(self, people: dict[str, dict[str, Any]]) -> list[str]:
        """The page each of them sees after sending the form."""
        browsers = [self.browser() for _ in people]
        forms = [form_fields(browser.get("/").text, "/subscribe") for browser in browsers]
        time.sleep(2.1)  # people need longer than that; robots do not
        pages = []
        for browser, form, (address, choices) in zip(browsers, forms, people.items(), strict=True):
            answer = browser.post("/subscribe", data={**form, "email": address, "time_zone": "UTC", **choices})
            assert answer.status_code == 200, answer.text[:2000]
            pages.append(answer.text)
            browser.close()
        return pages

    def confirmation_link(self, address: str) -> str:
        message = self.mailbox.confirmations(address)[-1]
        links = [link for link in links_in(text_of(message), self.stack.url) if "/c/" in link]
        assert links, text_of(message)
        assert links[0] in html_of(message)
        return links[0]

    @staticmethod
    def press_button(browser: httpx.Client, link: str) -> httpx.Response:
        page = browser.get(link)
        answer = browser.post(link, data=form_fields(page.text, ""))
        assert answer.status_code == 200, answer.text[:2000]
        return answer

    # Beat builds, a worker sends

    def digests_arrive(self) -> None:
        self.mailbox.wait_for(len(READERS), self.mailbox.digests, seconds=90)
        deliveries = self.settled_deliveries()
        assert len(deliveries) == len(READERS)
        assert {state for _, state in deliveries} == {"accepted"}
        for address in READERS:
            (digest,) = self.mailbox.digests(address)
            self.check_digest(address, digest)
        kinds = self.database.rows("SELECT kind, state FROM digest_edition ORDER BY kind")
        assert ("daily", "published") in kinds
        self.tell(f"beat built and published {kinds}; a worker sent {len(deliveries)} digests, all accepted")

    def settled_deliveries(self) -> list[tuple[str, str]]:
        """(address, state) of every delivery, once none is queued or on the wire."""
        deadline = time.monotonic() + 30
        statement = """SELECT s.email, d.state FROM digest_delivery d
            JOIN subscriptions_subscriber s ON s.id = d.subscriber_id ORDER BY d.id"""
        while time.monotonic() < deadline:
            rows = self.database.rows(statement)
            if not {state for _, state in rows} & {"queued", "claimed"}:
                return rows
            time.sleep(0.2)
        raise AssertionError(f"deliveries are still under way: {rows}")

    def check_digest(self, address: str, digest: Any) -> None:
        assert digest["To"].addresses[0].addr_spec == address
        assert len(digest["To"].addresses) == 1
        for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-ID", "Message-ID", "Date", "Auto-Submitted"):
            assert len(digest.get_all(name, [])) == 1, name
        assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert digest.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in digest.iter_parts()] == ["text/plain", "text/html"]
        links = paper_links(digest)
        assert 0 < len(links) <= int(READERS[address].get("digest_length", 10))
        assert len(set(links)) == len(links), "a paper stands twice in one digest"
        text = text_of(digest)
        assert all(html.unescape(link) in text for link in links)
        others = set(READERS) - {address}
        assert not [other for other in others if other in digest.as_string()], "another reader's address leaked"

    def digests_are_personal(self) -> None:
        chosen = {address: tuple(paper_links(self.mailbox.digests(address)[0])) for address in READERS}
        assert len(set(chosen.values())) > 3, "readers with different topics got the same digest"
        assert len(chosen["ada@reader.example"]) == 5
        explained = self.stack.manage("explain", "ada@reader.example")
        # The recorded papers are months old: what they had when they were first seen is no trend.
        assert explained.count("= Language models") == 5
        self.tell("digests differ by reader; explain says why:\n" + explained)

    # Readers follow the links in the mail

    def links_change_nothing_by_themselves(self) -> None:
        before = self.database.snapshot()
        followed = set()
        with self.browser() as browser:
            for digest in self.mailbox.digests():
                for link in links_in(html.unescape(html_of(digest)) + text_of(digest), self.stack.url):
                    assert browser.get(link).status_code == 200, link
                    assert browser.head(link).status_code == 200, link
                    followed.add(link)
        assert len(followed) > 2 * len(READERS)
        assert self.database.snapshot() == before, "following a link changed something"
        self.tell(f"{len(followed)} links of our own followed by GET and HEAD: nothing changed")

    def a_reader_changes_preferences(self) -> None:
        digest = self.mailbox.digests("fay@reader.example")[0]
        link = next(link for link in links_in(text_of(digest), self.stack.url) if "/p/" in link)
        with self.browser() as browser:
            form = form_fields(browser.get(link).text, "")
            form.update(topics=["robotics"], frequency="weekly", delivery_weekday="4", delivery_hour="18")
            assert browser.post(link, data=form).status_code == 200
        row = self.database.rows(
            "SELECT frequency, delivery_weekday, delivery_hour FROM subscriptions_subscriber WHERE email = ?",
            "fay@reader.example",
        )
        assert row == [("weekly", 4, 18)]
        self.tell("a reader changed topics, frequency and hour through the mail's link")

    def a_reader_leaves(self) -> None:
        digest = self.mailbox.digests("ben@reader.example")[0]
        (url,) = re.findall(r"<(https?://[^>]+)>", digest["List-Unsubscribe"])
        for _ in range(2):
            answer = httpx.post(url, data=ONE_CLICK)
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
        assert self.status_of("ben@reader.example") == "unsubscribed"
        self.tell("a reader unsubscribed by one-click POST, twice: same answer, one goodbye")

    def status_of(self, address: str) -> str:
        return str(self.database.one("SELECT status FROM subscriptions_subscriber WHERE email = ?", address))

    def an_address_bounces(self) -> None:
        uid = self.database.one(
            """SELECT d.uid FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
            WHERE s.email = ?""",
            "dan@reader.example",
        )
        bounce = {
            "RecordType": "Bounce", "ID": 4323372036854775807, "Type": "HardBounce", "TypeCode": 1,
            "Email": "dan@reader.example", "BouncedAt": datetime.now(UTC).isoformat(),
            "Metadata": {"delivery": str(uid)},
            "MessageID": "00000000-0000-0000-0000-000000000000", "Description": "The server was unable to deliver",
            "Details": "smtp;550 5.1.1 no such user", "Inactive": True, "MessageStream": "broadcast",
        }  # fmt: skip
        hook = f"{self.stack.url}/anymail/postmark/tracking/"
        assert httpx.post(hook, json=bounce).status_code == 400, "an unsigned webhook was believed"
        assert self.database.one("SELECT count(*) FROM subscriptions_suppression") == 0
        for _ in range(2):
            assert httpx.post(hook, json=bounce, auth=tuple(WEBHOOK_SECRET.split(":"))).status_code == 200
        reasons = "SELECT reason FROM subscriptions_suppression"
        deadline = time.monotonic() + 30
        while not self.database.rows(reasons) and time.monotonic() < deadline:
            time.sleep(0.1)  # a worker takes it from the store
        assert self.database.rows(reasons) == [("hard_bounce",)]
        states = dict(self.settled_deliveries())
        assert states["dan@reader.example"] == "bounced"
        self.tell("a hard bounce reported by the provider, twice, suppressed one address once")

    # The next edition

    def an_editor_curates_and_tomorrow_comes(self) -> None:
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        self.stack.manage("build_edition", "--date", tomorrow.isoformat())
        pinned = self.curate(tomorrow)
        self.stack.manage("publish_edition", "--date", tomorrow.isoformat())
        arrived = len(self.mailbox.digests())
        noon_after = datetime.combine(tomorrow, datetime.min.time(), UTC) + timedelta(hours=36)
        report = self.stack.manage_json("send_due", "--now", noon_after.isoformat())
        again = self.stack.manage_json("send_due", "--now", noon_after.isoformat())
        assert again["accepted"] == 0, "a second run sent something again"
        self.mailbox.wait_for(arrived + report["accepted"], self.mailbox.digests)
        for address in READERS:
            papers = [link for digest in self.mailbox.digests(address) for link in paper_links(digest)]
            assert len(papers) == len(set(papers)), f"{address} was sent a paper twice"
        assert len(self.mailbox.digests("ben@reader.example")) == 1, "someone who left was written to"
        assert len(self.mailbox.digests("dan@reader.example")) == 1, "a suppressed address was written to"
        ada = self.mailbox.digests("ada@reader.example")
        assert len(ada) == 2
        assert pinned in paper_links(ada[1]) or pinned in paper_links(ada[0]), "the editor's pick did not reach Ada"
        assert "The desk recommends" in text_of(ada[1])
        self.tell(f"tomorrow's edition: curated, published, {report['accepted']} sent; no paper came twice to anyone")

    def curate(self, day: Any) -> str:
        """Signs in to the admin as an editor would, pins the first paper that is not on top, writes a note."""
        self.stack.env["DJANGO_SUPERUSER_PASSWORD"] = "a-long-editor-password"
        self.stack.manage("createsuperuser", "--noinput", "--username", "editor", "--email", "editor@desk.example")
        edition, paper, url = self.database.rows(
            """SELECT e.id, p.id, p.url FROM digest_editionpaper ep JOIN digest_edition e ON e.id = ep.edition_id
            JOIN digest_paper p ON p.id = ep.paper_id WHERE e.date = ? AND e.kind = 'daily'
            AND p.abstract <> '' AND p.arxiv_id IS NOT NULL ORDER BY ep.trend, p.id""",
            day if self.database.url.startswith("postgres") else day.isoformat(),
        )[0]
        with self.browser() as browser:
            sign_in = form_fields(browser.get("/admin/login/").text, "")
            sign_in.update(username="editor", password=self.stack.env["DJANGO_SUPERUSER_PASSWORD"])
            assert "Log out" in browser.post("/admin/login/?next=/admin/", data=sign_in).text
            self.decide(browser, edition, paper)
        decision = "SELECT decision FROM digest_editionpaper WHERE edition_id = ? AND paper_id = ?"
        assert self.database.one(decision, edition, paper) == "pinned"
        assert self.database.one("SELECT note FROM digest_edition WHERE id = ?", edition) == "The desk recommends"
        return str(url)

    def decide(self, browser: httpx.Client, edition: int, paper: int) -> None:
        """Presses the curation page's buttons for a pin and for the note."""
        page = f"/admin/digest/edition/{edition}/curate/"
        token = form_fields(browser.get(page).text, "")["csrfmiddlewaretoken"]
        for press in ({"do": "pin", "paper": str(paper)}, {"do": "note", "text": "The desk recommends"}):
            assert browser.post(page, data={"csrfmiddlewaretoken": token, **press}).status_code == 200

    # What strangers and scanners get

    def strangers_learn_nothing(self) -> None:
        known, unknown, suppressed = "ada@reader.example", "stranger@elsewhere.example", "dan@reader.example"
        pages = self.sign_up(dict.fromkeys((known, unknown, suppressed), READERS[known]))
        assert len(set(pages)) == 1, "the answers tell addresses apart"
        assert httpx.get(f"{self.stack.url}/p/forged-token-forged-token").status_code == 404
        assert httpx.post(f"{self.stack.url}/u/forged-token-forged-token", data=ONE_CLICK).status_code == 404
        assert self.status_of("ada@reader.example") == "active"
        self.tell("a known, an unknown and a suppressed address got the same answer, forged links got 404")


def form_fields(page: str, action: str) -> dict[str, Any]:
    """Hidden and preset fields of the page's form that posts to `action` ('' = the first form that posts)."""
    for attributes, body in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.S):
        if 'method="post"' in attributes.lower() and f'action="{action}' in attributes + 'action=""':
            return preset(body)
    raise AssertionError(f"no form posting to {action!r} in the page")


def preset(form: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        kind = attributes.get("type", "text")
        if "name" in attributes and (kind not in ("checkbox", "radio") or " checked" in tag):
            value = html.unescape(attributes.get("value", ""))
            if kind == "checkbox":
                fields.setdefault(attributes["name"], []).append(value)
            else:
                fields[attributes["name"]] = value
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]* selected', options)
        fields[name] = html.unescape(chosen.group(1)) if chosen else ""
    return fields


@pytest.fixture
def recorded(shared_data: Path) -> Iterator[FeedServer]:
    with FeedServer(recorded_replies(shared_data / "feeds", datetime.now(UTC).date())) as server:
        yield server


def tell_the_story(stack: Stack, feeds: FeedServer, mailbox: Mailbox, seed: Path) -> None:
    story = Story(stack, feeds, mailbox, Database(stack.env["DATABASE_URL"]))
    try:
        story.papers_come_in(seed)
        stack.start_web()
        stack.start_celery()
        story.readers_sign_up()
        story.digests_arrive()
        story.digests_are_personal()
        story.links_change_nothing_by_themselves()
        story.a_reader_changes_preferences()
        story.a_reader_leaves()
        story.an_address_bounces()
        story.strangers_learn_nothing()
        story.an_editor_curates_and_tomorrow_comes()
    except BaseException:
        for name in stack.processes:
            print(f"--- {name} ---\n{stack.log(name)}")
        raise
    finally:
        stack.stop()


def environment(folder: Path, mailbox: Mailbox) -> dict[str, str]:
    return {
        "SECRET_KEY": "pipeline", "DEBUG": "false", "DATA_DIR": str(folder), "STATIC_ROOT": str(folder / "static"),
        "POSTAL_ADDRESS": "1 Story Lane, Taletown",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mailbox.port), "DEFAULT_FROM_EMAIL": "Paperboy <digest@paperboy.example>",
        "ANYMAIL_WEBHOOK_SECRET": WEBHOOK_SECRET, "FETCH_ALLOW_PRIVATE": "127.0.0.1", "TICK_SECONDS": "1",
        "DAILY_PUBLISH_HOUR": "0", "WEEKLY_PUBLISH_HOUR": "0", "CURATION_HOURS": "0",
        "SIGNUPS_PER_IP_PER_HOUR": "1000",
    }  # fmt: skip


@pytest.mark.long
def test_the_whole_story_on_sqlite_with_the_filesystem_broker(
    tmp_path: Path, recorded: FeedServer, shared_data: Path
) -> None:
    with Mailbox() as mailbox:
        env = environment(tmp_path, mailbox)
        env["DATABASE_URL"] = f"sqlite:///{tmp_path / 'paperboy.sqlite3'}"
        tell_the_story(Stack(tmp_path, env), recorded, mailbox, shared_data / "seed" / "seed_54_papers.json")


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.redis
def test_the_whole_story_on_postgresql_with_redis_and_two_workers(
    tmp_path: Path, recorded: FeedServer, shared_data: Path, postgres_url: str, redis_url: str
) -> None:
    with Mailbox() as mailbox:
        env = environment(tmp_path, mailbox)
        env.update(DATABASE_URL=postgres_url, CELERY_BROKER_URL=redis_url, CACHE_URL=redis_url)
        tell_the_story(Stack(tmp_path, env, workers=2), recorded, mailbox, shared_data / "seed" / "seed_54_papers.json")
