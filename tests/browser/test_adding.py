"""A source is added by its address, in Chromium: pasted, tried out, looked at, saved; also without scripts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from digest.models import Source
from tests.browser.test_admin import FAINT, WIDE, _signed_in
from tests.sources.loopback import Loopback
from tests.sources.replies import reply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PAGE = b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'


@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_s_address_becomes_a_source_after_a_look_at_what_it_brings(
    browser: Browser, live_server: Any, loopback: Loopback, scripts: bool
) -> None:
    loopback.serve("/journal", PAGE)
    loopback.serve("/feed", reply("feed"))
    context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts)
    page = _signed_in(context, live_server.url)
    page.goto("/admin/digest/source/")
    page.locator("a.addlink:visible").first.click()
    page.get_by_label("Address").fill(f"{loopback.url}/nothing")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("alert")).to_contain_text("HTTP 404")
    expect(page.get_by_role("alert")).to_contain_text("Open it in a browser")
    page.get_by_label("Address").fill(f"{loopback.url}/journal")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("A Wingbeat in vitro")).to_be_visible()
    expect(page.get_by_text("Read as Any RSS or Atom feed")).to_be_visible()
    assert not Source.objects.filter(url__contains="127.0.0.1").exists()
    page.get_by_label("Name", exact=True).fill("Moths, weekly")
    page.get_by_role("button", name="Add this source").click()
    expect(page.get_by_text("Added “Moths, weekly”.").first).to_be_visible()
    source = Source.objects.get(name="Moths, weekly")
    assert (source.kind, source.url, source.slug) == ("feed", f"{loopback.url}/feed", "journal-of-invented-moths")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_can_be_read_in_each_of_its_states(
    browser: Browser, live_server: Any, loopback: Loopback, width: int, scheme: Literal["light", "dark"]
) -> None:
    long = [{"title": "L" * 90 + " word" * 40, "authors": ["A Name"] * 40, "abstract": "x"}] * 2
    many = [{"title": f"Lanterns, part {number}", "url": f"https://x.example/{number}"} for number in range(30)]
    loopback.serve("/long", json.dumps([*long, *many, {"abstract": "y" * 200}, 7]).encode())
    loopback.serve("/notes", reply("openreview"))
    loopback.serve("/empty", b'{"papers": []}')
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = _signed_in(context, live_server.url)
    page.goto("/admin/digest/source/add/")
    for name in ("", "/long", "/notes", "/empty", f"/{'missing' * 60}"):
        if name:
            page.get_by_label("Address").fill(f"{loopback.url}{name}")
            page.get_by_role("button", name="Try it out").click()
            page.wait_for_load_state()
        assert page.evaluate(WIDE) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(FAINT) == [], name
        picture(page, f"{name[1:8] or 'blank'}-{width}-{scheme}")
    context.close()


def picture(page: Page, name: str) -> None:
    """For whoever wants to look: in the folder SCREENSHOTS, if there is one."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"add-source-{name}.png"), full_page=True)
