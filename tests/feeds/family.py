"""Feeds that a careless reader takes far too long for: each a function of a number, to be doubled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.feeds.collection import Case

RSS = '<?xml version="1.0"?>\n<rss version="2.0"%s><channel><title>A channel</title>%s</channel></rss>'
ITEM = "<item><title>%s</title><link>https://example.org/%s</link>%s</item>"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>A feed</title>%s</feed>'
ENTRY = "<entry><id>http://arxiv.org/abs/2606.%05dv1</id><title>%s</title><summary>%s</summary>%s</entry>"

ARXIV = "<entry><id>http://arxiv.org/abs/2606.%05dv1</id><title>Title %s</title></entry>"
RECORD = '{"title": "JSON %s", "url": "https://json.example/%s"},'
ACCENTED = "<author><name>\\'{a</name></author>"


def rss(item: str = "", attributes: str = "") -> bytes:
    return (RSS % (attributes, item)).encode()


def each(number: int, form: str) -> str:
    """The form with 0, 1, 2 and so on in its two places."""
    return "".join(form % (index, index) for index in range(number))


def item(title: str = "A title", more: str = "", number: int = 1) -> str:
    return ITEM % (title, number, more)


def atom(title: str = "A title", summary: str = "A summary", more: str = "") -> bytes:
    return (ATOM % (ENTRY % (1, title, summary, more))).encode()


def described(value: str) -> bytes:
    return rss(item(more=f"<description>{value}</description>"))


def paper(**fields: object) -> bytes:
    return json.dumps([{"title": "A title", "url": "https://example.org/1", **fields}]).encode()


@dataclass(frozen=True)
class Slow:
    """`make(number)` is a reply for an adapter of this kind; `number` is the smallest of three."""

    kind: str
    number: int
    make: Callable[[int], bytes]

    def cases(self, name: str) -> Iterator[Case]:
        for factor in (1, 2, 4):
            number = self.number * factor
            yield Case(name, f"{number:,}", self.make(number), kind=self.kind)


FAMILY: dict[str, Slow] = {
    "comments before the root": Slow("feed", 10_000, lambda n: b"<!-- -->" * n + rss(item())),
    "comments before arXiv's root": Slow("arxiv_atom", 10_000, lambda n: b"<!-- -->" * n + atom()),
    "comments in an entry": Slow("feed", 10_000, lambda n: rss(item(more="<!-- -->" * n))),
    "comments that do not end": Slow("feed", 10_000, lambda n: described("&lt;!--" * n)),
    "blank lines before the root": Slow("feed", 25_000, lambda n: b"\n" * n + rss(item())),
    "spaces in a title": Slow("feed", 50_000, lambda n: rss(item("A" + " " * n + "."))),
    "spaces in arXiv's title": Slow("arxiv_atom", 50_000, lambda n: atom("A" + " " * n + ".")),
    "the old title's end, again": Slow("arxiv_atom", 20_000, lambda n: atom("A title " + "(arXiv:" * n)),
    "attributes of the root": Slow("feed", 5_000, lambda n: rss(item(), each(n, ' a%s="%s"'))),
    "attributes of a broken feed": Slow("feed", 5_000, lambda n: b"<rss " + b'a="1" ' * n + b"><channel><item>&"),
    "name spaces of the root": Slow("feed", 2_000, lambda n: rss(item(), each(n, ' xmlns:a%s="b%s"'))),
    "elements in elements": Slow("feed", 5_000, lambda n: rss(item(more="<a>" * n + "</a>" * n))),
    "elements in arXiv's elements": Slow("arxiv_atom", 50_000, lambda n: atom(more="<a>" * n + "</a>" * n)),
    "markup in markup": Slow("feed", 10_000, lambda n: described("&lt;div&gt;" * n)),
    "markup in XHTML": Slow("feed", 5_000, lambda n: described("<div>" * n + "</div>" * n)),
    "tags that do not end": Slow("feed", 25_000, lambda n: described("&lt;b " * n)),
    "attributes in markup": Slow("feed", 5_000, lambda n: described("&lt;b a=" * n)),
    "ampersands": Slow("feed", 25_000, lambda n: described("&amp;" * n)),
    "ampersands alone": Slow("feed", 25_000, lambda n: described("& " * n)),
    "references": Slow("feed", 25_000, lambda n: described("&#38;#38;" * n)),
    "entities declared": Slow("feed", 2_000, lambda n: entities(n) + rss(item("&e1;"))),
    "CDATA sections": Slow("feed", 10_000, lambda n: described("<![CDATA[a]]>" * n)),
    "declarations in a broken feed": Slow("feed", 10_000, lambda n: b"<rss><channel><item><title>" + b"<![" * n),
    "angle brackets": Slow("feed", 25_000, lambda n: b"<rss><channel><item><title>" + b"<" * n),
    "combining marks": Slow("feed", 25_000, lambda n: rss(item("A title a" + "\u0301\u0316" * n))),
    "combining marks in arXiv's": Slow("arxiv_atom", 25_000, lambda n: atom("A title a" + "\u0301\u0316" * n)),
    "authors in a line": Slow("feed", 10_000, lambda n: rss(item(more=f"<author>{'J. Roe, Jr, ' * n}</author>"))),
    "authors one by one": Slow("feed", 1_000, lambda n: rss(item(more="<author>Jane Roe</author>" * n))),
    "arXiv's authors": Slow("arxiv_api", 5_000, lambda n: atom(more="<author><name>Jane Roe</name></author>" * n)),
    "brackets in names": Slow("feed", 20_000, lambda n: rss(item(more=f"<author>{'(' * n}{')' * n}</author>"))),
    "accents in names": Slow("arxiv_api", 10_000, lambda n: atom(more=ACCENTED * n)),
    "categories": Slow("feed", 1_000, lambda n: rss(item(more=each(n, "<category>%s.%s</category>")))),
    "links": Slow("feed", 1_000, lambda n: rss(item(more=each(n, "<link>https://a%s.example/%s</link>")))),
    "dates": Slow("feed", 20_000, lambda n: rss(item(more=f"<pubDate>{'1 ' * n}</pubDate>"))),
    "lists in lists": Slow("papers_json", 50_000, lambda n: b"[" * n + b"]" * n),
    "objects in objects": Slow("papers_json", 50_000, lambda n: b'{"a":' * n + b"1" + b"}" * n),
    "a number without end": Slow("papers_json", 100_000, lambda n: b'[{"title": "A", "year": ' + b"9" * n + b"}]"),
    "authors in JSON": Slow("papers_json", 20_000, lambda n: paper(authors=["Jane Roe"] * n)),
    "formulas": Slow("papers_json", 20_000, lambda n: paper(abstract="$a_{b}^{c} " * n)),
    "backslashes": Slow("papers_json", 50_000, lambda n: paper(title="A title " + "\\" * n)),
    "links of a paper": Slow("papers_json", 50_000, lambda n: paper(url="https://example.org/" + "|" * n)),
    "small entries": Slow("feed", 500, lambda n: rss(each(n, ITEM % ("Title %s", "%s", "")))),
    "small entries of arXiv": Slow("arxiv_api", 500, lambda n: (ATOM % each(n, ARXIV)).encode()),
    "small entries in JSON": Slow("papers_json", 500, lambda n: f"[{each(n, RECORD)}{{}}]".encode()),
    "one entry, again and again": Slow("feed", 1_000, lambda n: rss(item() * n)),
    "entries that are none": Slow("feed", 2_000, lambda n: rss("<item/>" * n)),
}  # fmt: skip


def entities(number: int) -> bytes:
    declared = "".join(f'<!ENTITY e{i + 1} "&e{i};&e{i};">' for i in range(1, number))
    return f'<!DOCTYPE rss [<!ENTITY e1 "boom">{declared}]>'.encode()


def cases() -> Iterator[Case]:
    for name, slow in FAMILY.items():
        yield from slow.cases(name)
