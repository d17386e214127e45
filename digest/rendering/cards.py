"""Papers and follow-ups in, what the mail says of them out: every word shortened, wrapped, ready for a template."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.ranking.key_sentence import key_sentence
from digest.rendering import words
from digest.rendering.facts import FollowUp, PaperFacts

TEXT_WIDTH = 76
TEXT_INDENT = "    "


class Link(NamedTuple):
    label: str
    url: str


class Variant(NamedTuple):
    """How much a card says, in bytes of escaped UTF-8; `links` is how many it has, `link` how long each may be.

    `is_key`: of the abstract it has the key sentence only.
    """

    name: str
    title: int
    byline: int
    abstract: int
    blurb: int
    link: int
    links: int
    is_key: bool = False


# What is read in half a minute, and then a link: ten whole abstracts are more than a morning has.
FULL = Variant("full", title=300, byline=400, abstract=850, blurb=2000, link=600, links=3)
# The same for readers who want the mail short.
SHORT = Variant("short", title=300, byline=200, abstract=400, blurb=2000, link=600, links=3, is_key=True)
BRIEF = Variant("brief", title=200, byline=150, abstract=320, blurb=180, link=300, links=3)
# Thirty of these, under the longest note, are within the mail's limit whatever their words are.
LINE = Variant("line", title=150, byline=0, abstract=0, blurb=0, link=150, links=1)
VARIANTS = (FULL, SHORT, BRIEF, LINE)
LABEL_BYTES = 100
ENTRY_LENGTH, ENTRY_BYTES = 40, 120  # of the list at the top: a line on a phone
NEWS_TITLE, NEWS_WORDS, NEWS_LINK = 200, 200, 300
CHARACTERS_A_MINUTE = 1300  # some 220 words of English
CHARACTERS_BESIDE = 250  # what stands around a paper's own words, and a look back at its title


@dataclass(frozen=True, slots=True)
class Card:
    """One paper's card in one variant. `wrapped_*` are the same words for the text part.

    `entry` is the paper's name in the list at the top; `has_votes`, whether the card offers more and less like it.
    """

    paper: PaperFacts
    variant: Variant
    title: str
    entry: str
    byline: str
    filed: tuple[str, ...]
    abstract: str
    blurb: str
    links: tuple[Link, ...]

    @property
    def key(self) -> str:
        return card_key(self.paper, self.variant)

    @property
    def has_votes(self) -> bool:
        return self.variant is not LINE

    @property
    def characters(self) -> int:
        """How much there is to read."""
        return len(self.title) + len(self.abstract) + len(self.blurb) + CHARACTERS_BESIDE

    @property
    def wrapped_title(self) -> str:
        """Behind its position, which fills the indent of the first line."""
        return wrapped(self.title).removeprefix(TEXT_INDENT)

    @property
    def wrapped_filed(self) -> str:
        return wrapped(" · ".join(self.filed))

    @property
    def wrapped_abstract(self) -> str:
        return wrapped(self.abstract)

    @property
    def wrapped_blurb(self) -> str:
        return wrapped(f"The editor: {self.blurb}")

    @property
    def wrapped_links(self) -> str:
        return "\n".join(map(_wrapped_link, self.links))


def card_key(paper: PaperFacts, variant: Variant) -> str:
    return f"{paper.id}-{variant.name}"


def card(paper: PaperFacts, variant: Variant) -> Card:
    whole = words.readable(paper.abstract)
    abstract = _shortened(key_sentence(whole) if variant.is_key else whole, variant.abstract)
    title = words.heading(paper.title)
    return Card(
        paper=paper,
        variant=variant,
        title=words.shorten(title, variant.title),
        entry=words.shorten(words.short_title(title, ENTRY_LENGTH), ENTRY_BYTES),
        byline=byline(paper, variant),
        filed=tuple(_filed(paper)),
        abstract=abstract,
        blurb=_shortened(words.one_line(paper.blurb), variant.blurb),
        links=tuple(_links(paper, variant.link, is_cut=abstract != whole))[: variant.links],
    )


def byline(paper: PaperFacts, variant: Variant, followed: Sequence[str] = ()) -> str:
    """Who wrote it, shortened; whom the reader follows is named in any case."""
    return _shortened(words.byline(paper.authors, followed), variant.byline)


def minutes(characters: int) -> int:
    return max(1, round(characters / CHARACTERS_A_MINUTE))


def _shortened(text: str, limit: int) -> str:
    return words.shorten(text, limit) if limit else ""


def _filed(paper: PaperFacts) -> Iterator[str]:
    """Where and when it appeared, and what the community made of it."""
    if paper.is_sample:
        yield "Invented sample"
    if label := words.one_line(paper.label):
        yield words.shorten(label, LABEL_BYTES)
    if paper.published_on:
        yield words.short_date(paper.published_on)
    if paper.upvotes:
        yield "1 upvote" if paper.upvotes == 1 else f"{paper.upvotes:,} upvotes"


def _links(paper: PaperFacts, limit: int, *, is_cut: bool) -> Iterator[Link]:
    """Where an address is too long for mail, our own page about the paper has it."""
    if url := words.web_url(paper.url, limit) or paper.page_url:
        yield Link(f"{'Read on' if is_cut else 'Read'} at {words.shorten(words.host(url), LABEL_BYTES)}", url)
    if code := words.web_url(paper.code_url, limit):
        stars = "1 star" if paper.stars == 1 else f"{paper.stars:,} stars"
        yield Link(f"Code, {stars}" if paper.stars else "Code", code)
    if project := words.web_url(paper.project_url, limit):
        yield Link("Project page", project)


@dataclass(frozen=True, slots=True)
class News:
    """One follow-up in its section; the first one brings the heading. `url` is "" where none fits."""

    key: str
    is_first: bool
    title: str
    url: str
    words: str

    @property
    def wrapped_title(self) -> str:
        return wrapped(self.title)

    @property
    def wrapped_words(self) -> str:
        return wrapped(self.words)


def news(follow_up: FollowUp, key: str, *, is_first: bool) -> News:
    return News(
        key=key,
        is_first=is_first,
        title=words.shorten(words.heading(follow_up.title), NEWS_TITLE),
        url=words.web_url(follow_up.url, NEWS_LINK),
        words=words.shorten(words.one_line(follow_up.words), NEWS_WORDS),
    )


def wrapped(text: str) -> str:
    """For the text part, behind the indent."""
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=TEXT_INDENT,
        subsequent_indent=TEXT_INDENT,
        break_long_words=True,
        break_on_hyphens=False,
    )


def _wrapped_link(link: Link) -> str:
    """An address is never broken: where it does not fit behind its label it gets its own line."""
    line = f"{TEXT_INDENT}{link.label}: {link.url}"
    return line if len(line) <= TEXT_WIDTH else f"{TEXT_INDENT}{link.label}:\n{TEXT_INDENT}{link.url}"


def wrapped_paragraphs(text: str) -> str:
    """Someone's words for the text part: their paragraphs kept, lines filled."""
    paragraphs = [words.one_line(block) for block in text.replace("\r\n", "\n").split("\n\n")]
    return "\n\n".join(textwrap.fill(block, TEXT_WIDTH, break_on_hyphens=False) for block in paragraphs if block)
