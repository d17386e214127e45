"""The account of sources in Chromium: it fits and can be read, light and dark, on a phone too; a visit is asked for."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from digest.models import BackfilledDay, Decision, Fault, Outcome, Source
from tests.browser.test_admin import FAINT, WIDE, _signed_in
from tests.factories import EditionPaperFactory, ListingFactory, PaperFactory, SourceFactory, SourceRunFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
HOUR = timedelta(hours=1)


def seed() -> None:
    """Every outcome, every state: in trouble, stale, through another, back-filled, never visited, disabled."""
    Source.objects.all().delete()
    now = timezone.now()
    first = SourceFactory(name="arXiv cs.LG", next_check_at=now + HOUR)
    second = SourceFactory(name="arXiv cs.CL", next_check_at=now + HOUR / 2)
    pattern = ["quiet", "fresh", "quiet", "holiday", "holiday", "quiet", "fresh", "stale", "failed", "fresh"]
    for number in range(30):
        outcome = pattern[number % 10]
        ran(first, outcome, number, new=number * 37 % 211 if outcome == "fresh" else 0)
        ran(second, "fresh" if number % 6 == 5 else "quiet", number)
    ran(first, "", -1)
    failing = SourceFactory(name="Journal of Very Long Names and Even Longer Addresses", kind="feed")
    for number in range(5):
        ran(failing, "failed", number, fault=Fault.FORBIDDEN, message=f"HTTP 403 Forbidden: {'unbroken' * 40}")
    stale = SourceFactory(name="Hugging Face", kind="huggingface_daily", next_check_at=now + 2 * HOUR)
    for number in range(12):
        ran(
            stale,
            "stale" if number < 4 else "fresh",
            number,
            new=number,
            message="nothing new for 9 days; usually every day",
        )
    SourceFactory(name="Never visited", kind="biorxiv")
    SourceFactory(name="Switched off", is_enabled=False)
    for number in range(4):
        paper = PaperFactory()
        ListingFactory(paper=paper, source=first, first_seen_at=now - 2 * HOUR)
        ListingFactory(paper=paper, source=second, first_seen_at=now - HOUR)
        EditionPaperFactory(paper=paper, decision=Decision.PINNED if number else Decision.NONE)
    for day in range(30):
        BackfilledDay.objects.create(source=first, day=now.date() - timedelta(days=day), finished_at=now, new=140)


def ran(source: Source, outcome: str, hours_ago: int, new: int = 0, **facts: object) -> None:
    counts = {"received": new, "new": new, "known": 0}
    SourceRunFactory(
        source=source, outcome=Outcome(outcome) if outcome else "", started_at=timezone.now() - hours_ago * HOUR,
        **{**counts, **facts},
    )  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_can_be_read(
    browser: Browser, live_server: Any, width: int, scheme: Literal["light", "dark"]
) -> None:
    seed()
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = _signed_in(context, live_server.url)
    page.goto("/admin/digest/source/account/")
    expect(page.get_by_role("img")).to_have_count(4)
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(FAINT) == []
    picture(page, f"account-{width}-{scheme}")
    page.get_by_role("link", name="arXiv cs.LG").click()
    expect(page.get_by_role("img", name=re.compile("The last 30 visits"))).to_be_visible()
    assert page.evaluate(WIDE) == []
    assert page.evaluate(FAINT) == []
    picture(page, f"source-{width}-{scheme}")
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_visit_is_asked_for_with_and_without_scripts(browser: Browser, live_server: Any, scripts: bool) -> None:
    seed()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts)
    page = _signed_in(context, live_server.url)
    page.goto("/admin/digest/source/account/")
    page.get_by_role("button", name="Visit now: arXiv cs.LG").click()
    expect(page.get_by_text("arXiv cs.LG is visited within a minute.").first).to_be_visible()
    assert Source.objects.get(name="arXiv cs.LG").next_check_at <= timezone.now()
    chart = page.get_by_role("article", name="arXiv cs.LG").get_by_role("img")
    expect(chart).to_have_accessible_name(re.compile("The last 30 visits, oldest first: .*, running.$"))
    context.close()


def picture(page: Page, name: str) -> None:
    """For whoever wants to look: in the folder SCREENSHOTS, if there is one."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
