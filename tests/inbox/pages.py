"""Gates for the HTML part that need no browser; tests/browser judges what does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tests.inbox.gates import gate
from tests.inbox.mail import Mail
from tests.inbox.mailpage import Element

SCHEMES = ("color-scheme", "supported-color-schemes")
ACTIVE = ("script", "form", "iframe", "object", "embed", "svg", "link", "input", "button", "base")
SMALLEST_PIXELS = 14
EMPTY_LABELS = {"", "click here", "here", "link", "more"}


def style_sheet(mail: Mail) -> str:
    return "\n".join(style.text for style in mail.page.all("style"))


def is_hidden(element: Element) -> bool:
    return any(each.styles.get("display") == "none" for each in (element, *element.parents))


@gate("well-formed html")
def well_formed(mail: Mail) -> Iterator[str]:
    if not mail.html:
        yield "there is none"
    yield from mail.page.problems


@gate("language, title, headings")
def structure(mail: Mail) -> Iterator[str]:
    page = mail.page
    if [sorted(html.attributes) for html in page.all("html")] != [["dir", "lang"]]:
        yield "<html> without lang and dir"
    if not any(title.text.strip() for title in page.all("title")):
        yield "no title"
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"{levels.count(1)} first headings, or not the first"
    if any(later > earlier + 1 for earlier, later in pairwise(levels)):
        yield f"a level is skipped: {levels}"


@gate("layout tables")
def layout_tables(mail: Mail) -> Iterator[str]:
    if [table for table in mail.page.all("table") if table.attributes.get("role") != "presentation"]:
        yield 'a table without role="presentation"'
    if mail.page.all("th", "caption"):
        yield "a layout table with headings"


@gate("images")
def images(mail: Mail) -> Iterator[str]:
    for image in mail.page.all("img"):
        source = image.attributes.get("src", "")
        if not {"alt", "width", "height"} <= set(image.attributes):
            yield f"without alt, width or height: {source[:80]!r}"
        if {image.attributes.get("width"), image.attributes.get("height")} & {"0", "1"}:
            yield f"counts who opens: {source[:80]!r}"


@gate("legible")
def legible(mail: Mail) -> Iterator[str]:
    visible = [element for element in mail.page.elements if not is_hidden(element)]
    sizes = [element.styles["font-size"] for element in visible if "font-size" in element.styles]
    pixels = [float(size.removesuffix("px")) for size in sizes if re.fullmatch(r"[\d.]+px", size)]
    if not pixels or min(pixels) < SMALLEST_PIXELS:
        yield f"letters of {min(pixels, default=0):g} px, less than {SMALLEST_PIXELS}"
    for link in mail.page.all("a"):
        if link.text.strip().casefold() in EMPTY_LABELS and not mail.page.inside(link, "img"):
            yield f"a link that says {link.text.strip()!r}"


@gate("colour schemes declared")
def schemes(mail: Mail) -> Iterator[str]:
    declared = {meta.attributes.get("name"): meta.attributes.get("content") for meta in mail.page.all("meta")}
    for name in SCHEMES:
        if declared.get(name) != "light dark":
            yield f"{name} is {declared.get(name)!r}"


@gate("dark rules win")
def dark_rules(mail: Mail) -> Iterator[str]:
    """Inlined styles win over the sheet, unless its rules are important."""
    _, _, conditional = style_sheet(mail).partition("@media")
    if not re.search(r"prefers-color-scheme:\s*dark[^@]*\bbody\b[^{}]*\{[^{}]*background-color", conditional):
        yield "no dark background for the body"
    declarations = re.findall(r"[\w-]+\s*:\s*[^;{}()]+(?=[;}])", conditional)
    if weak := [declaration for declaration in declarations if "!important" not in declaration]:
        yield f"not !important: {weak[0]!r}"


@gate("nothing runs or loads")
def inert(mail: Mail) -> Iterator[str]:
    if active := mail.page.all(*ACTIVE):
        yield f"<{active[0].tag}>"
    if [name for element in mail.page.elements for name in element.attributes if name.startswith("on")]:
        yield "an on... attribute"
    styles = style_sheet(mail) + " ".join(element.attributes.get("style", "") for element in mail.page.elements)
    if found := re.search(r"var\(|url\(|@import|@font-face|expression\(", styles):
        yield f"{found[0]} in a style"


@gate("https alone")
def only_https(mail: Mail) -> Iterator[str]:
    for element in mail.page.elements:
        for name in ("href", "src", "background"):
            address = element.attributes.get(name, "https://")
            may_be = name == "href" and address.startswith(("mailto:", "#"))
            if not address.startswith("https://") and not may_be:
                yield f"{name} {address[:80]!r}"


@gate("contents lead somewhere")
def contents(mail: Mail) -> Iterator[str]:
    """Gmail and Apple Mail go to an id, Outlook for Windows to a name."""
    places = {element.attributes.get("id") for element in mail.page.elements}
    for link in mail.page.all("a"):
        address = link.attributes.get("href", "")
        if address.startswith("#") and address[1:] not in places:
            yield f"no place for {address[:80]!r}"


@gate("styles inlined")
def inlined(mail: Mail) -> Iterator[str]:
    """What a mailbox shows that drops the style sheet."""
    if bare := [element for element in mail.page.all("td", "h1", "h2", "a") if not element.styles]:
        yield f"{len(bare)} without, the first is <{bare[0].tag}> {bare[0].text.strip()[:40]!r}"


@gate("charset first")
def charset_first(mail: Mail) -> Iterator[str]:
    if not re.search(rb'<meta charset="?utf-8', mail.html.encode()[:1024], re.IGNORECASE):
        yield "not within the first 1,024 bytes"
    if len(re.findall(r"<meta[^>]+charset", mail.html)) > 1:
        yield "more than one"


@gate("preheader")
def preheader(mail: Mail) -> Iterator[str]:
    first = next((element for element in mail.page.elements if mail.page.all("body")[:1] == element.parents[-1:]), None)
    if first is None or first.styles.get("display") != "none":
        yield "the first words of the body are not a hidden line for the inbox"
    elif not 40 <= len(first.text) <= 110:
        yield f"{len(first.text)} characters instead of 40 to 110"
