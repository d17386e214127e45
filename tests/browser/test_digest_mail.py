"""The digest in Chromium: it fits a phone, it can be read in light and dark, it fetches nothing."""

from __future__ import annotations

import re
from typing import Literal, cast

import pytest
from playwright.sync_api import Browser, Page

from digest import previews
from tests.inbox.samples import DIGESTS

pytestmark = pytest.mark.browser
Scheme = Literal["light", "dark"]

# Every visible text with its colours, as [text, size in pixels, contrast by WCAG 2.2, 1.4.3].
CONTRASTS = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const weights = [0.2126, 0.7152, 0.0722];
  const luminance = colour => weights.reduce((sum, weight, i) => sum + weight * channel(numbers(colour)[i]), 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.tagName === 'STYLE') continue;
    const style = getComputedStyle(element);
    const [low, high] = [luminance(style.color), luminance(ground(element))].sort((a, b) => a - b);
    found.push([walker.currentNode.data.trim(), parseFloat(style.fontSize), (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""


def html_of(slug: str) -> str:
    preview = previews.get(slug)
    assert preview
    return str(preview.email().alternatives[0].content)


def opened(browser: Browser, html: str, width: int, scheme: Scheme) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.set_content(html)
    return page


def widest(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("slug", DIGESTS)
def test_it_fits_a_phone_with_and_without_its_style_sheet(browser: Browser, slug: str) -> None:
    html = html_of(slug)
    for version in (html, re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)):
        page = opened(browser, version, 375, "light")
        assert widest(page) == 375
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ten_papers_are_no_wall_on_a_phone(browser: Browser, scheme: Scheme) -> None:
    page = opened(browser, html_of("ordinary-day"), 390, scheme)
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.context.close()
    assert height < 4200  # of real papers, whose titles and reasons are longer, up to 4,800


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800])
def test_every_text_is_large_and_contrasts_enough(browser: Browser, width: int, scheme: Scheme) -> None:
    page = opened(browser, html_of("edited"), width, scheme)
    texts = page.evaluate(CONTRASTS)
    page.context.close()
    assert len(texts) > 60
    assert [found for found in texts if found[1] < 14 or found[2] < 4.5] == []


def test_dark_mode_wins_over_inlined_styles(browser: Browser) -> None:
    grounds = {}
    for scheme in cast(tuple[Scheme, ...], ("light", "dark")):
        page = opened(browser, html_of("edited"), 800, scheme)
        grounds[scheme] = page.evaluate(
            "['body', '.sheet', '.note'].map(name => getComputedStyle(document.querySelector(name)).backgroundColor)"
        )
        page.context.close()
    assert all(light != dark for light, dark in zip(grounds["light"], grounds["dark"], strict=True))


def test_without_its_style_sheet_it_is_the_same_page(browser: Browser) -> None:
    colours = []
    for html in (html_of("edited"), re.sub(r"<style>.*?</style>", "", html_of("edited"), flags=re.DOTALL)):
        page = opened(browser, html, 800, "light")
        colours.append(
            page.evaluate(
                "[...document.querySelectorAll('body *:not(style)')].map(element => {"
                " const style = getComputedStyle(element);"
                " return [element.tagName, style.color, style.backgroundColor, style.fontSize, style.fontFamily]; })"
            )
        )
        page.context.close()
    assert colours[0] == colours[1]


def test_it_fetches_nothing_and_runs_nothing(browser: Browser) -> None:
    page = browser.new_context().new_page()
    requests: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.set_content(html_of("script"))
    page.wait_for_load_state("networkidle")
    page.context.close()
    assert requests == []
    assert dialogs == []


def test_the_preheader_is_not_seen_once_the_mail_is_open(browser: Browser) -> None:
    page = opened(browser, html_of("edited"), 800, "light")
    assert not page.locator(".preheader").is_visible()
    assert page.locator("h1").is_visible()
    page.context.close()
