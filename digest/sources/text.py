"""Untrusted text in, plain bounded text out: no markup or control characters, only http(s) links, LaTeX whole."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import nh3

# Control characters, lone surrogates (which no database stores), bidirectional overrides (which reorder what the
# reader sees) and invisible characters, but not the joiners that Persian and Indic scripts need.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
SPACES = re.compile(r"\s+")
BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
BLOCK_NAMES = "p|br|div|li|ul|ol|tr|td|th|table|h[1-6]|blockquote|section|article|pre|dd|dt|dl|hr|figure"
INLINE_NAMES = (
    "a|abbr|acronym|b|big|cite|code|del|em|font|i|img|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|var|wbr"
    "|script|style|iframe|object|embed|form|input|button|textarea|select|option|svg|video|audio|source|link|meta"
    "|html|head|body|title|base|noscript|template|center|nav|header|footer|main|label|caption|thead|tbody|applet|area"
    "|bdi|bdo|blink|canvas|frame|frameset|map|marquee|math|param|picture|ruby|rt|summary|details|time|track"
)
BLOCK = re.compile(rf"</?(?:jats:)?(?:{BLOCK_NAMES})(?=[\s/>])", re.IGNORECASE)
# `<` begins markup only before a known tag name, a comment or a prefixed name (`<jats:p>`); elsewhere it is a
# less-than sign, as in `$a<b$` or "Let's <think>".
NOT_MARKUP = re.compile(rf"<(?!/?(?:{BLOCK_NAMES}|{INLINE_NAMES}|[a-z]+:[a-z-]+)(?=[\s/>])|![-\[a-z])", re.IGNORECASE)
MARKUP = re.compile(
    rf"<(?:/?(?:{BLOCK_NAMES}|{INLINE_NAMES}|[a-z]+:[a-z-]+)(?=[\s/>])|![-\[a-z])|&(?:#?\w+);", re.IGNORECASE
)


def line(value: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    return cut(SPACES.sub(" ", UNWANTED.sub("", value)).strip(), limit)


def paragraphs(value: str, limit: int) -> str:
    """Paragraphs divided by blank lines, each on one line: hard wrapping is undone."""
    blocks = BLANK_LINES.split(UNWANTED.sub("", value.replace("\r\n", "\n")).strip())
    return cut("\n\n".join(block for block in (SPACES.sub(" ", part).strip() for part in blocks) if block), limit)


def cut(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def from_markup(value: str, limit: int = 200_000) -> str:
    """Plain text of HTML: tags, comments, scripts and styles go, blocks become blank lines, entities are decoded.

    Done twice where need be: feeds that escape their markup once too often are common.
    """
    value = UNWANTED.sub("", value[:limit])
    for _ in range(2):
        if not MARKUP.search(value):
            break
        value = BLOCK.sub(lambda tag: "\n\n" + tag.group(), NOT_MARKUP.sub("&lt;", value))
        value = html.unescape(nh3.clean(value, tags=set(), attributes={}))
    return value


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
    return re.sub(r"[\"'<>\\^`{|}]", lambda odd: f"%{ord(odd.group()):02X}", value)
