"""The public pages in Chromium: they fit, they can be read and operated, with and without scripts and cookies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from config.celery import app
from digest import interests, search
from digest.models import EditionState, MutedKind, Paper, Unindexed
from subscriptions import forms, links, signups
from subscriptions.models import SignupRequest, Subscriber, SubscriberStatus
from subscriptions.services import Preferences
from tests.factories import (
    NOW,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SignupRequestFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => element.tagName + "." + element.className)"""

# WCAG 2.2, 1.4.3: 4.5:1, or 3:1 for text of 24 px, or of 18.66 px in bold.
TOO_FAINT = """() => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const light = ({ r, g, b }) => [r, g, b]
    .map((value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (element.closest("option, .hidden, .trap, script")) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(rgb(style.color)), light(ground(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${element.className} ${element.textContent.slice(0, 30)} ${ratio}`);
  }
  return found;
}"""

TOO_SMALL = """() => [...document.querySelectorAll(
    "button, select, input, textarea, .button, nav a, .links a, .archive a")]
  .filter((element) => !element.closest(".trap") && element.checkVisibility())
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 24)
  .map(([element, box]) => `${element.tagName} ${element.textContent.slice(0, 20)} ${box.width}x${box.height}`)"""

# Short words that stand alone and are broken in two all the same.
BROKEN = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const word = walker.currentNode.data.trim();
    if (!/^\\S{1,12}$/.test(word) || walker.currentNode.parentElement.closest("option, .hidden, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const lines = new Set([...range.getClientRects()].filter(box => box.width > 0).map(box => Math.round(box.top)));
    if (lines.size > 1) found.push(word);
  }
  return found;
}"""


@pytest.fixture(autouse=True)
def site(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(forms, "MINIMUM_SECONDS", -1)
    cache.clear()
    for slug in ("language-models", "robotics", "reinforcement-learning", "image-video-generation"):
        TopicFactory.create(slug=slug)
    edition = EditionFactory.create(
        state=EditionState.PUBLISHED, published_at=NOW, date=date(2026, 7, 14), note="Hello"
    )
    long = PaperFactory.create(
        title="A" * 120 + " of $10^{-3}$", abstract="word " * 300 + "x" * 200, code_url="https://a.b/c"
    )
    EditionPaperFactory.create(edition=edition, paper=long, topics={"robotics": 0.9}, blurb="The editor's word")
    for _ in range(3):
        EditionPaperFactory.create(edition=edition)
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own: `look(url, width=375, color_scheme="dark", ...)`."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, width: int = 1280, **options: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        assert not [words for words in complaints if "status of 4" not in words]
        return page

    yield open_page
    for context in contexts:
        context.close()


def urls() -> list[str]:
    active = SubscriberFactory.create(email=f"{'long' * 15}@{'domain.' * 20}example", topics=[])
    asked = SignupRequestFactory.create(asked_at=timezone.now())
    late = SignupRequestFactory.create()
    left = SubscriberFactory.create(unsubscribed=True)
    asking(active)
    for paper in Paper.objects.all():
        Unindexed.objects.create(paper=paper)
    search.catch_up()
    paths = ["/", "/subscribe", "/subscribe/done", "/editions/", "/editions/daily/2026-07-14", "/nowhere", "/u/x"]
    paths += [
        "/search/",
        "/search/?q=word+paper",
        '/search/?q="none+such"+from:x',
        f"/papers/{Paper.objects.latest('pk').pk}",
    ]
    return [links.site_url(path) for path in paths] + [
        links.confirm_url(asked.pk),
        links.confirm_url(late.pk),
        links.refuse_url(asked.pk),
        links.preferences_url(active.pk),
        links.unsubscribe_url(active.pk),
        links.unsubscribe_url(left.pk),
        f"{links.preferences_url(active.pk)}/interests",
        f"{links.ReaderLinks().votes(active.pk)}/{Paper.objects.latest('pk').pk}/less",
    ]


def asking(reader: Subscriber) -> None:
    """Let a reader ask for all that there is, in words that are long."""
    now, paper = timezone.now(), Paper.objects.earliest("pk")
    interests.add_text(reader, "w" * 90, now)
    interests.add_papers(reader, paper.arxiv_id or "", now, "a careful study")
    interests.follow(reader, "Ada Lovelace", now)
    interests.mute(reader, MutedKind.WORD, "x" * 100, now)
    interests.cast(reader, paper, now, wants_more=True)
    parts = [["topic:robotics", 0.4], ["interest:a careful study", 0.3], ["author:Ada Lovelace", 0.3], ["trend", 0.1]]
    shown = Paper.objects.latest("pk")
    DeliveryFactory.create(
        edition=shown.editions.get(),
        subscriber=reader,
        state="delivered",
        selection=[{"paper": shown.pk, "score": 1.1, "parts": parts}],
    )


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (375, "light"), (1280, "light"), (1280, "dark")])
def test_every_page_fits_and_can_be_read_and_touched(look: Callable[..., Page], width: int, scheme: str) -> None:
    page = look(links.site_url(), width, color_scheme=scheme)
    for url in urls():
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (url, page.evaluate(TOO_WIDE))
        assert page.evaluate(TOO_FAINT) == [], url
        assert page.evaluate(TOO_SMALL) == [], url
        assert page.evaluate(BROKEN) == [], url
        assert page.locator("h1").count() == 1, url


def test_dark_is_dark_and_light_is_light(look: Callable[..., Page]) -> None:
    grounds = [
        look(links.site_url(), color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(253, 251, 245)", "rgb(23, 22, 20)"]


def test_signing_up_in_the_readers_own_time_zone(look: Callable[..., Page]) -> None:
    page = look(links.site_url(), timezone_id="Europe/Berlin")
    expect(page.locator("select[name=time_zone]")).to_have_value("Europe/Berlin")
    page.get_by_label("Your email address").fill("ada@example.org")
    page.get_by_label("Robotics").check()
    weekday = page.locator("select[name=delivery_weekday]")
    expect(weekday).to_be_hidden()
    page.get_by_label("How often").select_option("weekly")
    weekday.select_option("Friday", timeout=3000)
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert signups.wanted(SignupRequest.objects.get()) == Preferences(("robotics",), "weekly", 7, 4, "Europe/Berlin")
    assert page.context.cookies() == []


@pytest.mark.parametrize("zone", ["Asia/Calcutta", "America/Argentina/Buenos_Aires", "UTC"])
def test_the_browsers_zone_is_offered_whatever_it_calls_it(look: Callable[..., Page], zone: str) -> None:
    page = look(links.site_url(), timezone_id=zone)
    chosen = page.locator("select[name=time_zone]").input_value()
    assert chosen == page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")


def test_everything_works_without_scripts_from_sign_up_to_goodbye(look: Callable[..., Page]) -> None:
    page = look(links.site_url(), 375, java_script_enabled=False)
    page.get_by_label("Your email address").fill("adaexample.org")
    page.get_by_label("Robotics").check()
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.locator("#id_email_error")).to_contain_text("looks like name@example.org")
    expect(page.get_by_label("Robotics")).to_be_checked()
    page.get_by_label("Your email address").fill("ada@example.org")
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")

    link = links.confirm_url(SignupRequest.objects.get().pk)
    assert link in str(mail.outbox[0].body)
    page.goto(link)
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    page.get_by_role("link", name="Change topics, interests and times").click()
    page.get_by_label("At most").select_option("5 papers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    reader = Subscriber.objects.get()
    assert (reader.status, reader.digest_length) == (SubscriberStatus.UNSUBSCRIBED, 5)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(look: Callable[..., Page]) -> None:
    page = look(links.site_url())
    page.get_by_label("Your email address").focus()
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.type"))
    assert reached == ["submit", "topics", "topics"]
    page.locator("input[name=topics]").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=topics]").first).to_be_checked()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement.nextElementSibling).outlineStyle")
    assert outline == "solid"
    assert page.evaluate("[...document.querySelectorAll('input[name=website]')].every((field) => field.tabIndex < 0)")
