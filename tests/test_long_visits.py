"""A visit reads a list that comes in pages: all of them, each once, up to a bound that it says it has reached."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import NoTurn
from digest.ingestion import paging, refresh
from digest.models import Outcome, Paper, Source
from tests.sources.loopback import Answer, running

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)
TOTAL = 7

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(settings):
    """bioRxiv's API with seven preprints, three a page; `broken` cursors answer with an error."""
    settings.FETCH_ALLOW_PRIVATE, settings.FETCH_PAUSE_SECONDS = ["127.0.0.1"], 0
    with running() as server:
        server.broken = set()
        for cursor in range(0, TOTAL + 3, 3):
            path = f"/details/biorxiv/2d{f'/{cursor}' if cursor else ''}"
            server.serve(path, lambda request, cursor=cursor: page(server, cursor))
        yield server


def page(server, cursor):
    if cursor in server.broken:
        return Answer(status=500)
    preprints = [
        {"doi": f"10.1101/2026.03.01.90000{number}", "title": f"Moth {number}", "date": "2026-03-04", "version": "1"}
        for number in range(cursor, min(cursor + 3, TOTAL))
    ]
    message = {"status": "ok", "cursor": cursor, "total": TOTAL}
    body = json.dumps({"messages": [message], "collection": preprints}).encode()
    return Answer(body, headers={"ETag": '"of-this-page"'})


@pytest.fixture
def source(pages):
    url = f"{pages.url}/details/biorxiv/2d"
    return Source.objects.create(name="Moths", slug="moths", kind="biorxiv", url=url)


def test_all_pages_belong_to_the_visit(pages, source):
    run = refresh(source, NOW)
    assert (run.outcome, run.received, run.new, run.message) == (Outcome.FRESH, TOTAL, TOTAL, "")
    assert [path for path, _ in pages.requests] == [
        "/details/biorxiv/2d",
        "/details/biorxiv/2d/3",
        "/details/biorxiv/2d/6",
    ]


def test_a_list_without_end_is_left_and_the_account_says_so(pages, source, monkeypatch):
    monkeypatch.setattr(paging, "MOST_REQUESTS", 2)
    run = refresh(source, NOW)
    assert (run.received, Paper.objects.count()) == (6, 6)
    assert run.message.startswith("left after 2 requests; not asked for: ")
    assert run.message.endswith("/details/biorxiv/2d/6")


def test_a_list_that_leads_back_to_itself_is_read_once(pages, source):
    pages.serve("/details/biorxiv/2d/3", lambda request: page(pages, 0))
    run = refresh(source, NOW)
    assert (len(pages.requests), run.message) == (2, "")


def test_a_page_that_cannot_be_had_costs_no_other(pages, source):
    pages.broken.add(3)
    run = refresh(source, NOW)
    assert (run.outcome, run.received) == (Outcome.FRESH, 3)
    assert "/details/biorxiv/2d/3: HTTP 500" in run.message


def test_the_rest_is_asked_for_again_where_a_page_got_no_turn(pages, source, monkeypatch):
    """With the first page's validators the next visit would hear that nothing has changed."""
    get = paging.get

    def no_turn(url, *args):
        if url != source.url:
            raise NoTurn("others are asking 127.0.0.1, this waits for its turn", until=None)
        return get(url, *args)

    with monkeypatch.context() as patched:
        patched.setattr(paging, "get", no_turn)
        run = refresh(source, NOW)
    assert (run.outcome, run.received) == (Outcome.FRESH, 3)
    assert "waits for its turn" in run.message
    assert (source.etag, source.failures) == ("", 0)
    run = refresh(source, NOW + timedelta(hours=1))
    assert (run.new, run.known) == (4, 3)
    assert source.etag == '"of-this-page"'
