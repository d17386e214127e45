"""Gates for the MIME structure, sizes and the text part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.rendering.edition import MAX_HTML_BYTES
from tests.inbox.gates import digests, gate
from tests.inbox.mail import URL, Mail, squeezed

MAX_LINE_OCTETS = 998  # RFC 5322, 2.1.1
MAX_TEXT_COLUMNS = 78
CLIPPED_BYTES = 102_400  # Gmail cuts off there; some saw it count the part as encoded
ENOUGH = 0.8  # of the words that the HTML part shows
TAG = re.compile(r"</?(?:p|div|td|tr|table|a|h\d|b|span)\b[^<>]*>|\]\(|&amp;|&#\d+;")


@gate("two parts")
def alternatives(mail: Mail) -> Iterator[str]:
    kinds = [part.get_content_type() for part in mail.parts]
    if mail.parsed.get_content_type() != "multipart/alternative" or kinds != ["text/plain", "text/html"]:
        yield f"{mail.parsed.get_content_type()} of {', '.join(kinds)} instead of text, then HTML"


@gate("lines on the wire")
def wire(mail: Mail) -> Iterator[str]:
    longest = max(map(len, mail.raw.splitlines()), default=0)
    if longest > MAX_LINE_OCTETS:
        yield f"a line of {longest} octets"
    bare = mail.raw.replace(b"\r\n", b"")
    # A file may hold it with either line end, not with both.
    if b"\r" in bare or (b"\r\n" in mail.raw and b"\n" in bare):
        yield "mixed line ends"
    if not re.split(rb"\r?\n\r?\n", mail.raw, maxsplit=1)[0].isascii():
        yield "a header that is not ASCII"


@gate("utf-8")
def charset(mail: Mail) -> Iterator[str]:
    for part in mail.parts:
        if part.get_content_charset() != "utf-8":
            yield f"{part.get_content_type()} says charset {part.get_content_charset()}"
    if "\N{REPLACEMENT CHARACTER}" in mail.text + mail.html:
        yield "bytes that are no UTF-8"


@gate("size of the html")
def html_size(mail: Mail) -> Iterator[str]:
    if (size := len(mail.html.encode())) > MAX_HTML_BYTES:
        yield f"{size:,} bytes, more than {MAX_HTML_BYTES:,}"
    if (size := len(mail.encoded_html)) > CLIPPED_BYTES:
        yield f"{size:,} bytes as encoded, more than {CLIPPED_BYTES:,}"


@gate("text complete")
def text_complete(mail: Mail) -> Iterator[str]:
    flowing = squeezed(mail.text)
    for heading in mail.page.all("h2"):
        if squeezed(heading.text) not in flowing:
            yield f"the text lacks {heading.text.strip()[:60]!r}"
    shown = set(re.findall(r"\w+", mail.shown.casefold()))
    share = len(shown & set(re.findall(r"\w+", mail.text.casefold()))) / max(len(shown), 1)
    if share < ENOUGH:
        yield f"the text has {share:.0%} of the words of the HTML"


@gate("text written")
def text_written(mail: Mail) -> Iterator[str]:
    # What authors wrote themselves is shown in both parts.
    if converted := [mark for mark in TAG.findall(mail.text) if mark not in mail.shown]:
        yield f"markup in the text: {converted[0]!r}"
    if too_long := [line for line in mail.text.splitlines() if len(line) > MAX_TEXT_COLUMNS and not URL.search(line)]:
        yield f"a line of {len(too_long[0])} characters: {too_long[0][:40]!r}"


@gate("same places")
def same_places(mail: Mail) -> Iterator[str]:
    in_text, shown = set(URL.findall(mail.text)), squeezed(mail.shown)
    for url in sorted(mail.links - in_text):
        yield f"only the HTML leads to {url}"
    # An address within an author's words is no link, and shown in both.
    for url in sorted(in_text - mail.links):
        if squeezed(url) not in shown:
            yield f"only the text leads to {url}"


@gate("way out shown", applies=digests)
def way_out(mail: Mail) -> Iterator[str]:
    if mail.one_click_url not in URL.findall(mail.text):
        yield "the text lacks the address of List-Unsubscribe"
    if mail.one_click_url not in mail.links:
        yield "the HTML lacks the address of List-Unsubscribe"


@gate("postal address", applies=lambda mail: bool(mail.postal_address))
def postal_address(mail: Mail) -> Iterator[str]:
    for part, words in (("text", mail.text), ("HTML", mail.shown)):
        if squeezed(mail.postal_address) not in squeezed(words):
            yield f"the {part} lacks it"
