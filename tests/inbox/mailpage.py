"""Reads a mail's HTML with the standard library: elements in order, texts, links, headings."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "hr", "link", "input"}
HIDDEN = ("style", "title", "script")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: list[Element] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def styles(self) -> dict[str, str]:
        pairs = (rule.partition(":") for rule in self.attributes.get("style", "").split(";") if rule.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}


class MailPage(HTMLParser):
    """Every element with all text inside it; `problems` are tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.problems: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.problems += [f"<{element.tag}> is never closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        element = Element(tag, {name: value or "" for name, value in attrs}, parents=list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.problems.append(f"</{tag}> closes nothing")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element

    def with_class(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.classes]

    def inside(self, outer: Element, tag: str) -> list[Element]:
        return [element for element in self.all(tag) if any(each is outer for each in element.parents)]

    @property
    def links(self) -> list[str]:
        return [element.attributes["href"] for element in self.all("a")]
