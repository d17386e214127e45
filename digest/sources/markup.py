"""XML bytes in, an element tree out; names are looked up without their namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree
from defusedxml.expatreader import DefusedExpatParser

from digest.errors import SourceError

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
MOST_ATTRIBUTES = 500
MOST_CATEGORIES = 200
CATEGORIES = frozenset({"category", "subject", "keywords"})
ENTRIES = frozenset({"item", "entry"})
HTML_ROOT = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def tree(body: bytes) -> Element:
    """The root element. Wrongly labelled bytes and stray control characters are mended, broken XML is not.

    No document type is accepted, in whatever encoding: these feeds have none, and entities declared there are how XML
    explodes. Raises SourceError, permanent for what is no XML at all.
    """
    if not body.strip():
        raise SourceError("empty reply")
    refuse_html(body)
    try:
        return defused(body)
    except (ParseError, ValueError, LookupError) as error:
        return _mended(body, error)


def defused(document: bytes | str) -> Element:
    try:
        root: Element = ElementTree.fromstring(document, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SourceError("a feed with a document type declaration is not accepted", permanent=True) from error
    return root


class FeedReader(DefusedExpatParser):  # type: ignore[misc]  # it comes without types
    """A SAX parser that refuses entities, and spares its reader what takes it time with the square of their number:
    attributes by the hundred, which no feed has, and an entry's categories beyond the first hundreds.

    A document type that is kept elsewhere, as RSS 0.91 has it, is passed over.
    """

    def __init__(self) -> None:
        self.categories = 0  # of this entry
        self.skipped = 0  # elements that are open, and passed over
        super().__init__(forbid_external=False)

    def start_element_ns(self, name: str, attributes: dict[str, str]) -> None:
        if len(attributes) > MOST_ATTRIBUTES:
            raise SourceError(f"an element with more than {MOST_ATTRIBUTES} attributes", permanent=True)
        bare = name.rpartition(" ")[2]
        self.categories = 0 if bare in ENTRIES else self.categories + (bare in CATEGORIES)
        if self.skipped or (bare in CATEGORIES and self.categories > MOST_CATEGORIES):
            self.skipped += 1
        else:
            super().start_element_ns(name, attributes)

    def end_element_ns(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        else:
            super().end_element_ns(name)

    def character_data(self, data: str) -> None:
        if not self.skipped:
            super().character_data(data)


def create_parser() -> FeedReader:
    """Under this name xml.sax.make_parser looks for a parser in a module."""
    return FeedReader()


def refuse_html(body: bytes) -> None:
    if HTML_ROOT.match(_from_root(body[:4000])):
        raise SourceError("an HTML page instead of a feed", permanent=True)


def _from_root(head: bytes) -> bytes:
    """What follows the declaration and any number of comments.

    One step a comment: a pattern would try every way of dividing them between its turns, twice as many with each.
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.lower().startswith(b"<?xml"):
        head = head.partition(b"?>")[2].lstrip()
    while head.startswith(b"<!--"):
        head = head[4:].partition(b"-->")[2].lstrip()
    return head


def _mended(body: bytes, error: Exception) -> Element:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    try:
        return defused(DECLARATION.sub("", ILLEGAL.sub("", text.lstrip("\ufeff"))))
    except (ParseError, ValueError):
        raise SourceError(f"broken XML: {error}") from error


def name(element: Element) -> str:
    """The tag without its namespace, in lower case."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def children(element: Element, wanted: str) -> Iterator[Element]:
    return (child for child in element if name(child) == wanted)


def value(element: Element, wanted: str) -> str:
    """The text of the first such child, or nothing."""
    return next(("".join(child.itertext()).strip() for child in children(element, wanted)), "")
