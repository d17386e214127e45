"""Untrusted text in, plain bounded text out: no markup or control characters, only http(s) links, LaTeX whole."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import urlsplit

import nh3

# Control characters, lone surrogates (which no database stores), bidirectional overrides (which reorder what the
# reader sees) and invisible characters, but not the joiners that Persian and Indic scripts need.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
# No language needs more than 30 combining marks in a row (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format);
# putting them in order, as normalising does, takes time that grows with the square of their number.
CROWD = re.compile(r"[^\w\s]{31,}")
SPACES = re.compile(r"\s+")
ODD_IN_LINKS = re.compile(r"[\"'<>\\^`{|}]")
BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
BLOCK_NAMES = "p|br|div|li|ul|ol|tr|td|th|table|h[1-6]|blockquote|section|article|pre|dd|dt|dl|hr|figure"
INLINE_NAMES = (
    "a|abbr|acronym|b|big|cite|code|del|em|font|i|img|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|var|wbr"
    "|iframe|object|embed|form|input|button|textarea|select|option|video|audio|source|link|meta"
    "|html|head|body|title|base|noscript|template|center|nav|header|footer|main|label|caption|thead|tbody|applet|area"
    "|bdi|bdo|blink|canvas|frame|frameset|map|marquee|param|picture|ruby|rt|summary|details|time|track"
)
APART_NAMES = "script|style|svg|math"  # the sanitiser knows better what they hold, and takes no longer if nested
# `<` begins markup only before a known tag name, a comment or a prefixed name (`<jats:p>`); elsewhere it is a
# less-than sign, as in `$a<b$` or "Let's <think>". Whatever has an attribute that could do harm is markup by any name,
# and so is what browsers take for a comment (`</3trong>`).
NAMES = f"{BLOCK_NAMES}|{INLINE_NAMES}|{APART_NAMES}|[a-z]+:[a-z-]+"
HARMFUL = r"[a-z]\w{0,20}\s{1,8}(?:on[a-z]{2,20}|src|href|style)\s?="
BOGUS = r"/[^a-z\s<>][^<>\s]{0,40}>"
BEGINS = rf"/?(?:{NAMES})(?=[\s/>])|![-\[a-z]|{HARMFUL}|{BOGUS}"
NOT_MARKUP = re.compile(rf"<(?!{BEGINS})", re.IGNORECASE)
MARKUP = re.compile(rf"<(?:{BEGINS})|&(?:#?\w+);", re.IGNORECASE)
# What browsers would take for a tag or a comment, and the sanitiser has not seen.
LEFT = re.compile(rf"<(?={BEGINS}|/[^a-z]|!|[a-z][^<>]{{0,300}}\son[a-z]{{2,20}}\s?=)", re.IGNORECASE)
ROUNDS = 3
TAG = re.compile(
    rf"</?(?:(?P<block>(?:jats:)?(?:{BLOCK_NAMES}))|{INLINE_NAMES}|[a-z]+:[a-z-]+)(?=[\s/>])", re.IGNORECASE
)

GAP = re.compile(rb"[\x00\t\n\r ]{128,}")


def without_long_gaps(body: bytes) -> bytes:
    """The bytes, with runs of white space cut to some 64 bytes: patterns that look for a line's first word try each
    place of a run. Characters of two or four bytes stay whole."""
    return GAP.sub(lambda gap: gap[0][: 64 + len(gap[0]) % 4], body)


def line(value: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    return cut(" ".join(visible(value).split()), limit)


def paragraphs(value: str, limit: int) -> str:
    """Paragraphs divided by blank lines, each on one line: hard wrapping is undone."""
    blocks = BLANK_LINES.split(visible(value.replace("\r\n", "\n")).strip())
    return cut("\n\n".join(filter(None, (" ".join(block.split()) for block in blocks))), limit)


def visible(value: str) -> str:
    """The text without what nobody can see, or should have to."""
    if value.isascii() and value.replace("\n", " ").isprintable():  # as nearly all are, and known at a glance
        return value
    return CROWD.sub(_thinned, UNWANTED.sub("", value))


def _thinned(crowd: re.Match[str]) -> str:
    kept, rest = crowd[0][:30], crowd[0][30:]
    return kept + "".join(character for character in rest if not unicodedata.combining(character))


def cut(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def from_markup(value: str, limit: int = 50_000) -> str:
    """Plain text of HTML: tags, comments, scripts and styles go, blocks become blank lines, entities are decoded.

    Done again where need be: feeds that escape their markup once too often are common, and there are articles about
    markup. What is left after ROUNDS is no markup any more, for a space. Every other element counts as a line break to
    the sanitiser, which would take time with the square of how deep they are nested.
    """
    value = value.strip()[:limit]
    if "<" not in value and "&" not in value:
        return value
    value = UNWANTED.sub("", value)
    for _ in range(ROUNDS):
        if not MARKUP.search(value):
            break
        value = TAG.sub(lambda tag: "\n\n<br" if tag["block"] else "<br", NOT_MARKUP.sub("&lt;", value))
        value = UNWANTED.sub("", html.unescape(nh3.clean(value, tags=set(), attributes={})))
    start, last, rest = value.rpartition(">")
    return LEFT.sub("< ", start + last) + rest


def link(value: str, limit: int) -> str:
    """The address if it is a plain http or https one of at most `limit` characters, else nothing."""
    value = value.strip()
    if not value or len(value) > limit or UNWANTED.search(value) or SPACES.search(value):
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    value = ODD_IN_LINKS.sub(lambda odd: f"%{ord(odd.group()):02X}", value)
    return value if len(value) <= limit else ""
