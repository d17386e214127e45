"""The editors' desk in Chromium: decisions without a reload, dragging, and all of it without scripts too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

import pytest
from django.conf import LazySettings
from django.conf import settings as project
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from digest.delivery import throttling
from digest.models import Edition, EditionPaper
from tests.factories import (
    BreakerFactory,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SourceRunFactory,
    SubscriberFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

TITLES = ".curate-main > .curate-list .curate-title"
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll(".desk *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth)
  .map((element) => `${element.tagName} ${element.className}`)"""
# Numbers of which not all digits stand on one line.
BROKEN_NUMBERS = """() => [...document.querySelectorAll(".desk-number")].filter((box) => {
    const digits = document.createRange(); digits.selectNodeContents(box);
    return new Set([...digits.getClientRects()].map((rect) => rect.top)).size > 1; }).map((box) => box.textContent)"""
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (text) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (data) => [0, 1, 2].map((place) => data[place] / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const data = rgb(getComputedStyle(element).backgroundColor);
      if (data[3] === 255) return data;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll(".desk *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((element) => element.checkVisibility() && !element.closest("option, [disabled], .sr-only, .curate-handle"))
    .map((element) => {
      const style = getComputedStyle(element);
      const both = [light(rgb(style.color)), light(ground(element))].sort((one, other) => one - other);
      const large = parseFloat(style.fontSize) >= 24;
      const name = `${element.className} ${element.textContent.trim()}`;
      return [(both[1] + 0.05) / (both[0] + 0.05), large ? 3 : 4.5, name];
    })
    .filter(([ratio, wanted]) => ratio < wanted);
}"""


@pytest.fixture
def edition() -> Edition:
    """Five papers, "Paper 1" on top."""
    edition: Edition = EditionFactory.create(publish_at=timezone.now() + timedelta(hours=2), note="Good morning.")
    for number in range(1, 6):
        paper = PaperFactory.create(
            title=f"Paper {number}", arxiv_id=f"0607.0000{number}", code_url="https://example.org/code"
        )
        EditionPaperFactory.create(edition=edition, paper=paper, trend=1 - number / 100, topics={"robotics": 0.01})
    return edition


@pytest.fixture
def desk(browser: Browser, live_server: Any, edition: Edition) -> Iterator[Page]:
    """The curation page; the test fails on any error in the page."""
    yield from _desk(browser, live_server.url, edition)


@pytest.fixture
def plain_desk(browser: Browser, live_server: Any, edition: Edition) -> Iterator[Page]:
    """The same without scripts."""
    yield from _desk(browser, live_server.url, edition, java_script_enabled=False)


def _desk(browser: Browser, site: str, edition: Edition, **options: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 1700}, **options)
    page = _signed_in(context, site)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"/admin/digest/edition/{edition.pk}/curate/")
    yield page
    context.close()
    assert errors == []


def _signed_in(context: BrowserContext, site: str) -> Page:
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "chief@example.net", "irrelevant"))
    session = client.cookies[project.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": project.SESSION_COOKIE_NAME, "value": session, "url": site}])
    return context.new_page()


def row(page: Page, title: str) -> Any:
    return page.locator(".curate-row", has=page.get_by_role("heading", name=title, exact=True))


def numbers(titles: list[str]) -> str:
    return "".join(title[-1] for title in titles)


def stands(page: Page, order: str) -> None:
    expect(page.locator(TITLES)).to_have_text([f"Paper {number}" for number in order])


def stored(edition: Edition, title: str) -> EditionPaper:
    return EditionPaper.objects.get(edition=edition, paper__title=title)


def test_a_decision_takes_no_reload_and_keeps_what_is_being_written(desk: Page, edition: Edition) -> None:
    desk.evaluate("window.sameDocument = true")
    row(desk, "Paper 4").get_by_text("Write a blurb").click()
    row(desk, "Paper 4").locator("textarea").fill("Half a sent")
    row(desk, "Paper 3").get_by_role("button", name="Pin").click()
    stands(desk, "31245")
    expect(desk.locator("#desk-toast")).to_have_text("Pinned “Paper 3”.")
    assert desk.evaluate("window.sameDocument")
    expect(row(desk, "Paper 4").locator("textarea")).to_have_value("Half a sent")
    assert stored(edition, "Paper 3").decision == "pinned"
    row(desk, "Paper 4").get_by_role("button", name="Save the blurb").click()
    expect(desk.locator("#desk-toast")).to_contain_text("Wrote the blurb of “Paper 4”")
    assert stored(edition, "Paper 4").blurb == "Half a sent"


def test_the_keyboard_goes_on_with_the_next_paper_after_one_is_hidden(desk: Page) -> None:
    row(desk, "Paper 2").get_by_role("button", name="Hide").press("Enter")
    stands(desk, "1345")
    expect(row(desk, "Paper 3").get_by_role("button", name="Pin")).to_be_focused()


def test_a_row_is_dragged_by_its_handle_up_and_down(desk: Page, edition: Edition) -> None:
    for title, target, order in (("Paper 5", "Paper 2", "15234"), ("Paper 1", "Paper 4", "52341")):
        handle, goal = row(desk, title).locator(".curate-handle"), row(desk, target)
        goal.scroll_into_view_if_needed()
        start, box = handle.bounding_box(), goal.bounding_box()
        assert start
        assert box
        desk.mouse.move(start["x"] + 4, start["y"] + 8)
        desk.mouse.down()
        edge = 10 if title == "Paper 5" else box["height"] - 10
        desk.mouse.move(box["x"] + 80, box["y"] + edge, steps=12)
        desk.mouse.up()
        expect(desk.locator("#desk-toast")).to_contain_text(f"Moved “{title}”")
        stands(desk, order)
    desk.reload()
    stands(desk, "52341")


def test_the_keyboard_moves_a_paper_and_stays_with_it(desk: Page) -> None:
    down = row(desk, "Paper 1").get_by_role("button", name="Move down")
    down.focus()
    for order in ("21345", "23145"):
        desk.keyboard.press("Enter")
        stands(desk, order)
    expect(row(desk, "Paper 1").get_by_role("button", name="Move down")).to_be_focused()


def test_a_place_is_typed(desk: Page) -> None:
    place = row(desk, "Paper 5").get_by_label("Place in the list")
    place.fill("2")
    place.press("Enter")
    stands(desk, "15234")


def test_choosing_a_filter_shows_it_at_once(desk: Page, edition: Edition) -> None:
    EditionPaper.objects.filter(paper__title="Paper 4").update(decision="pinned")
    desk.get_by_label("Decision").select_option("pinned")
    stands(desk, "4")


def test_an_edition_published_meanwhile_says_so(desk: Page, edition: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(state="published", published_at=timezone.now())
    row(desk, "Paper 2").get_by_role("button", name="Hide").click()
    expect(desk.locator("#desk-toast .is-error")).to_contain_text("Nothing was changed")
    expect(desk.get_by_role("button", name="Pin")).to_have_count(0)
    assert stored(edition, "Paper 2").decision == ""


def test_a_test_mail_and_publishing_are_a_click_and_a_second_thought(desk: Page, edition: Edition) -> None:
    desk.get_by_role("button", name="Send a test to myself").click()
    expect(desk.locator("#desk-toast")).to_contain_text("on its way to chief@example.net")
    assert [message.to for message in mail.outbox] == [["chief@example.net"]]
    desk.get_by_role("link", name="Publish now…").click()
    desk.get_by_role("button", name="Publish it").click()
    expect(desk.get_by_text("It is frozen")).to_be_visible()
    edition.refresh_from_db()
    assert not edition.is_open


def test_the_preview_shows_the_mail_in_its_frame(desk: Page) -> None:
    desk.get_by_role("link", name="Preview the mail").click()
    frame = desk.frame_locator("iframe")
    expect(frame.get_by_text("Good morning.").first).to_be_visible()
    desk.get_by_label("Phone").check()
    desk.get_by_role("button", name="Show").click()
    expect(frame.get_by_text("Paper 1").first).to_be_visible()
    box = desk.locator("iframe").bounding_box()
    assert box
    assert 370 <= box["width"] <= 380


def test_everything_works_without_scripts(plain_desk: Page, edition: Edition) -> None:
    page = plain_desk
    row(page, "Paper 3").get_by_role("button", name="Pin").click()
    stands(page, "31245")
    row(page, "Paper 5").get_by_role("button", name="Move up").click()
    stands(page, "31254")
    row(page, "Paper 1").get_by_role("button", name="Hide").click()
    stands(page, "3254")
    page.locator("#note-text").fill("Quiet day.")
    page.get_by_role("button", name="Save the note").click()
    edition.refresh_from_db()
    assert edition.note == "Quiet day."
    page.get_by_label("Search in the pool").fill("paper 5")
    page.get_by_role("button", name="Show", exact=True).click()
    stands(page, "5")


def test_an_edition_is_sent_again_without_scripts_after_a_second_thought(plain_desk: Page) -> None:
    page, out = plain_desk, EditionFactory.create(published=True)
    DeliveryFactory.create(edition=out, state="rejected", detail="Given up after 12 hours: 452 4.2.2 Mailbox full")
    DeliveryFactory.create(edition=out, state="unknown")
    page.goto(f"/admin/digest/edition/{out.pk}/results/")
    page.get_by_role("link", name="Given up after 12 hours. The mailbox is full.").click()
    expect(page.get_by_role("link", name="Rejected: 1", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Send to those who can still get it…").click()
    page.get_by_label("Also to the 1").check()
    page.get_by_role("button", name="Send it to them").click()
    expect(page.get_by_text("Queued 2 digests again, those that were unknown too.").first).to_be_visible()
    assert set(out.deliveries.values_list("state", flat=True)) == {"queued"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_desk_fits_and_can_be_read(
    browser: Browser,
    live_server: Any,
    edition: Edition,
    settings: LazySettings,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS = "100/second 2/day", 20
    settings.DESTINATION_LIMITS = f"gmail.com googlemail.com {'subdomain.' * 9}example.org: 1000000/hour; *: 50/second"
    settings.WARM_UP = f"{timezone.localdate() - timedelta(days=1)}: 1 2 4000000"
    throttling.take(["gmail.com"] * 2, timezone.now())
    SourceRunFactory.create(outcome="failed")
    out = EditionFactory.create(published=True)
    EditionPaperFactory.create(edition=out, paper=PaperFactory.create(title="L" * 90 + " " + "word " * 40))
    for state in ("queued", "delivered", "bounced", "unknown"):
        DeliveryFactory.create(edition=out, state=state)
    reader = SubscriberFactory.create(email=f"{'long' * 15}@{'subdomain.' * 8}example.org")
    DeliveryFactory.create(edition=out, state="rejected", subscriber=reader, detail=f"550 5.1.1 {'x' * 300}")
    for _ in range(11):
        DeliveryFactory.create(edition=out, state="queued", detail="Waits for its turn: 6/hour to outlook.example")
    BreakerFactory.create(until=timezone.now() + timedelta(minutes=9), reason="y" * 300)
    EditionPaper.objects.filter(paper__title="Paper 2").update(decision="hidden")
    EditionPaper.objects.filter(paper__title="Paper 1").update(decision="pinned", blurb="Read it.")
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = _signed_in(context, live_server.url)
    paths = [f"digest/edition/{edition.pk}/{name}/" for name in ("curate", "preview", "publish")]
    paths += [
        f"digest/edition/{out.pk}/{name}"
        for name in ("curate/", "results/", "results/?state=rejected", "results/?state=queued")
    ]
    paths += [f"digest/edition/{out.pk}/send-again/", f"subscriptions/subscriber/{reader.pk}/change/"]
    for path in ["", *paths]:
        page.goto(f"/admin/{path}")
        page.locator(".desk").first.wait_for()
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        assert page.evaluate(WIDE) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(FAINT) == [], path
        assert page.evaluate(BROKEN_NUMBERS) == [], path
    context.close()
