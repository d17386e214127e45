"""Stored rows in, what is wrong with them out: no title, no link, markup, dangerous addresses, unseen characters.

By other means than the code it judges: Python's HTML parser, not our patterns or the sanitiser.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Model

from digest.models import Paper

ELEMENTS = frozenset({
    "a", "abbr", "address", "article", "aside", "audio", "b", "base", "blockquote", "body", "br", "button",
    "canvas", "code", "div", "dl", "dt", "em", "embed", "font", "form", "frame", "h1", "h2", "h3", "h4", "head",
    "hr", "html", "i", "iframe", "img", "input", "li", "link", "marquee", "math", "meta", "object", "ol", "option",
    "p", "pre", "script", "select", "small", "span", "strike", "strong", "style", "sub", "sup", "svg", "table",
    "tbody", "td", "template", "textarea", "th", "tr", "u", "ul", "video",
})  # fmt: skip
ODD_IN_ADDRESSES = frozenset("\"'<>\\^`{|} \t\r\n")
REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
LONGEST = 20_000


class Markup(HTMLParser):
    """Notes every element that a browser would know, and every comment."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ELEMENTS or any(name.startswith("on") and value for name, value in attrs):
            self.found.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in ELEMENTS:
            self.found.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.found.append("a comment")


def stored() -> Iterator[Model]:
    yield from Paper.objects.order_by("pk")


def faults(rows: Iterable[Model]) -> Iterator[str]:
    for row in rows:
        for fault in faults_of(row):
            yield f"{row._meta.model_name} {row.pk}: {fault}"


def faults_of(row: Model) -> Iterator[str]:
    values = {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if "title" in values and not any(character.isalnum() for character in values["title"]):
        yield "no title"
    if "url" in values and not values["url"]:
        yield "no link"
    for name, value in values.items():
        for text in texts(value):
            is_address = name == "url" or name.endswith("_url")
            yield from (f"{name}: {fault}: {text[:80]!r}" for fault in (of_address if is_address else of_text)(text))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def of_text(value: str) -> Iterator[str]:
    markup = Markup()
    markup.feed(value)
    yield from markup.found[:1]
    if any(is_unseen(character) for character in value):
        yield "unseen characters"
    if len(value) > LONGEST:
        yield "longer than any field should be"


def is_unseen(character: str) -> bool:
    return character in REORDERING or (unicodedata.category(character) in ("Cc", "Cs") and character != "\n")


def of_address(value: str) -> Iterator[str]:
    if not value:
        return
    parts = urlsplit(value)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        yield "a dangerous address"
    if set(value) & ODD_IN_ADDRESSES or any(unicodedata.category(letter) in ("Cc", "Cs", "Cf") for letter in value):
        yield "odd characters in an address"
