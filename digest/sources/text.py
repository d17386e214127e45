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


COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
SPECIAL = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
DOTLESS = {"ı": "i", "ȷ": "j"}
SPECIAL_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|dj|DJ|[oOlLij])(?:\{\}|(?![a-zA-Z])[ ]?)")
# Symbols take the next letter, bare or in braces; letters need braces, a space or a backslash first: \v{s}, \c c.
ACCENT = re.compile(r"""\\(?:(['`^"~=.])\s*|([uvHckrdb])(?=[{\s\\])\s*)(?:\{\s*([^\W\d_])\s*\}|([^\W\d_]))""")


def from_tex_accents(value: str) -> str:
    r"""`Andr\'e`, `Sch\"{o}n`, `Erd\H{o}s`, `{\L}ukasz` as Unicode; braces that only grouped are gone."""
    if "\\" not in value and "{" not in value and "~" not in value:
        return value
    return with_tex_letters(value).replace("{", "").replace("}", "").replace("~", " ")


def with_tex_letters(value: str) -> str:
    """Accented and special letters as Unicode; every other command, and the braces, as they are."""
    if "\\" not in value:
        return value
    value = SPECIAL_LETTER.sub(lambda found: SPECIAL[found[1]], value)
    for _ in range(2):  # twice, for an accent on an accented letter
        value = unicodedata.normalize("NFC", ACCENT.sub(_accented, value))
    return value


def _accented(found: re.Match[str]) -> str:
    letter = found[3] or found[4]
    return DOTLESS.get(letter, letter) + COMBINING[found[1] or found[2]]
