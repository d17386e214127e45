"""Fixtures every test may use. A missing service skips with its reason; PAPERBOY_REQUIRE_SERVICES=1 fails instead."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import LazySettings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.plugin import blocking_manager_key

from digest.rendering import recent
from digest.selection import follow_ups, pool
from tests import services
from tests.sources.loopback import Loopback, running

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only the tests that touch the suite's own database are run again."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark and mark.kwargs.get("transaction") and not mark.kwargs.get("serialized_rollback"):
            # It leaves rows of Django's own under other ids, and the next test that restores them fails.
            raise pytest.UsageError(f"{item.nodeid}: transaction=True needs serialized_rollback=True")
    if os.environ.get("TEST_DATABASE") != "postgres":
        return
    touching = [item for item in items if touches_database(item)]
    kept = set(touching)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = touching


def touches_database(item: pytest.Item) -> bool:
    return bool(
        is_of_class(item, TransactionTestCase) or item.get_closest_marker("django_db") or "db" in fixtures_of(item)
    )


def empties_database(item: pytest.Item) -> bool:
    """Whether no row is left after the test: it did not run in a transaction."""
    mark = item.get_closest_marker("django_db")
    is_marked = bool(mark and mark.kwargs.get("transaction"))
    is_asked_for = not {"transactional_db", "live_server"}.isdisjoint(fixtures_of(item))
    is_djangos = is_of_class(item, TransactionTestCase) and not is_of_class(item, TestCase)
    return is_marked or is_asked_for or is_djangos


KEPT = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, pytestconfig: pytest.Config) -> None:
    """Keep what migrations stored where the hook below finds it: not every thread's connection has it.

    Django notes it only where a test that will be run empties the database.
    """
    pytestconfig.stash[KEPT] = getattr(connection, "_test_serialized_contents", "")


def is_of_class(item: pytest.Item, kind: type) -> bool:
    return isinstance(item, pytest.Function) and item.cls is not None and issubclass(item.cls, kind)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Bring back what migrations stored, for whatever test comes next.

    Django has its tests in transactions run first; workers that take over from each other keep no such order. A test
    that empties the database itself brings the rows back before it begins.
    """
    yield
    kept = item.config.stash.get(KEPT, "")
    if not (kept and nextitem and empties_database(item)):
        return
    with item.config.stash[blocking_manager_key].unblock():
        # What a page asked for last, when the browser was gone already, may have found no content types, and made some.
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)
        ContentType.objects.clear_cache()
        if not empties_database(nextitem):
            connection.creation.deserialize_db_from_string(kept)


def fixtures_of(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


@pytest.fixture(autouse=True)
def _no_edition_is_kept() -> None:
    """Rolled back, a database gives the same ids to other rows."""
    recent.forget()
    follow_ups.forget()
    pool.forget()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The reference data beside the project: used in place, never copied into it."""
    if not services.SHARED_DATA.is_dir():
        services.missing(f"reference data is absent: {services.SHARED_DATA}")
    return services.SHARED_DATA


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database of this test's own, dropped afterwards."""
    with services.postgres_database() as url:
        yield url


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis of this test's own, started empty."""
    with services.redis_server() as url:
        yield url


@pytest.fixture
def smtp_sink() -> Iterator[Callable[..., services.SmtpSink]]:
    """Start smtp-sink with the options given, as in smtp_sink("-r", "RCPT"); stopped after the test."""
    started: list[services.SmtpSink] = []
    with tempfile.TemporaryDirectory(prefix="paperboy-sink-") as folder:

        def start(*options: str) -> services.SmtpSink:
            own = Path(folder, str(len(started)))
            own.mkdir()
            started.append(services.SmtpSink(own, *options))
            return started[-1]

        yield start
        for sink in started:
            sink.stop()


@pytest.fixture
def loopback(settings: LazySettings) -> Iterator[Loopback]:
    """A web server on this machine whose answers the test writes, and which may be visited."""
    settings.FETCH_ALLOW_PRIVATE = ["127.0.0.1", "localhost"]
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium on this machine."""
    return services.chromium_path()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium without a window, driven by Playwright."""
    # Playwright's synchronous interface keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium, args=list(services.CHROMIUM_ARGUMENTS))
        yield instance
        instance.close()


@pytest.fixture(autouse=True)
def _no_page_stays_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Also of a test that fails: connections that outlive the live server fail whichever test runs last."""
    browser = request.getfixturevalue("browser") if "browser" in fixtures_of(request.node) else None
    yield
    for context in list(browser.contexts) if browser else ():
        context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, 1280 by 800, without cookies."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()
