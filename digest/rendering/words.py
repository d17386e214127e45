"""Facts in, the words of the digest out: subject, preheader, bylines, dates, shortened abstracts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import escape

from digest import tex

AUTHORS_WHOLE = 4  # as many are named one and all
TOPICS_SHOWN = 4
SUBJECT_LENGTH = 78
URL_BYTES = 600
PREHEADER_LENGTHS = (40, 110)

# White space, control characters, and the invisible ones that reverse or hide what follows.
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff]+")
_SENTENCE_END = re.compile(r"[.!?…]['\"’”)\]]?(?=\s)|[。！？]")


def one_line(text: str) -> str:
    """Without line breaks, control characters and runs of space: fit for a header."""
    return _SPACE.sub(" ", text).strip()


def readable(text: str) -> str:
    """A paper's own words on one line, without the TeX where plain Unicode can say it."""
    return one_line(tex.readable(text))


def heading(title: str) -> str:
    """A paper's title as shown; there is always something to click on."""
    return readable(title) or "Untitled"


def shorten(text: str, limit: int) -> str:
    """At most `limit` UTF-8 bytes once escaped for HTML, cut after a sentence or else after a word, with an ellipsis.

    A sentence's end counts where it keeps at least half of the room.
    """
    if _weight(text) <= limit:
        return text
    room = text[:limit]
    while _weight(room) > limit - 4:  # "…" and a space
        room = room[: min(len(room) - 1, len(room) * limit // _weight(room))]
    ends = [match.end() for match in _SENTENCE_END.finditer(room)]
    if ends and ends[-1] * 2 >= len(room):
        return f"{room[: ends[-1]]} …"
    return f"{_whole_words(room)}…"


def _weight(text: str) -> int:
    return len(escape(text).encode())


def _whole_words(room: str) -> str:
    cut = room.rfind(" ")
    # A text without spaces (or with one far back) is cut where it must be.
    return (room[:cut] if cut * 2 >= len(room) else room).rstrip(" ,;:-–—([")


def clip(text: str, length: int) -> str:
    """At most `length` characters, cut after a word, with an ellipsis."""
    return text if len(text) <= length else f"{_whole_words(text[: length - 1])}…"


def byline(authors: Sequence[str], followed: Sequence[str] = ()) -> str:
    """ "A, B and C", or "A, B … Z and 37 more": the last is often who leads the group. Whom the reader follows stays.

    `followed` are names or keys of names: what counts is the words in them, in whatever order.
    """
    present = [author for author in authors if author.strip()]
    if len(present) <= AUTHORS_WHOLE:
        return enumeration([_name(author) for author in present])
    wanted = {_name_words(name) for name in followed}
    middle = [author for author in present[2:-1] if wanted and _name_words(author) in wanted]
    named = [", ".join(map(_name, present[:2])), *map(_name, middle), _name(present[-1])]
    hidden = len(present) - 3 - len(middle)
    return f"{' … '.join(named)} and {hidden:,} more" if hidden else " … ".join(named)


def _name(author: str) -> str:
    return clip(readable(author), 60)


def _name_words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", readable(name)).casefold()
    return frozenset(re.findall(r"[^\W\d_]+", "".join(mark for mark in plain if not unicodedata.combining(mark))))


def enumeration(names: Sequence[str]) -> str:
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def long_date(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def short_date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count:,} papers"


def subject(lead: str, count: int) -> str:
    """The leading paper's title, and how many more: at most 78 characters."""
    rest = f" and {count - 1:,} more" if count > 1 else ""
    # A title that looks like an encoded word (RFC 2047) would be decoded by mail readers.
    return short_title(lead.replace("=?", "= ?"), SUBJECT_LENGTH - len(rest)) + rest


def short_title(title: str, length: int = 50) -> str:
    """A title that is too long loses its subtitle first."""
    if len(title) <= length:
        return title
    main, colon, _ = title.partition(": ")
    return main if colon and 12 <= len(main) <= length else clip(title, length)


def preheader(next_titles: Sequence[str], count: int, opening: str) -> str:
    """What an inbox shows beside the subject, which names the lead already: 40 to 110 characters.

    `next_titles` are one or two, of at most 50 characters; where the lead is alone, its abstract's opening stands in.
    """
    shortest, longest = PREHEADER_LENGTHS
    line = f"Also: {' · '.join(next_titles)}" if next_titles else f"One paper for you: {opening}"
    if len(line) < shortest:
        line = f"{line.rstrip('. ')} · {papers(count)} in this digest from {one_line(settings.SITE_NAME)}"
    return clip(line, longest)


def chosen_line(count: int, topics: Sequence[str], left_out: int = 0, minutes: int = 1) -> str:
    """ "10 papers, about 4 minutes, chosen for Robotics". `left_out` papers had no room in the mail."""
    takes = "a minute" if minutes == 1 else f"{minutes:,} minutes"
    line = f"{papers(count)}, about {takes}, {_chosen_for(topics)}"
    return f"{line}; {papers(left_out)} more on our site" if left_out else line


def _chosen_for(topics: Sequence[str]) -> str:
    if not topics:
        return "from all topics"
    hidden = len(topics) - TOPICS_SHOWN if len(topics) > TOPICS_SHOWN + 1 else 0
    names = [clip(one_line(topic), 80) for topic in topics[: len(topics) - hidden]]
    shown = f"{', '.join(names)} and {hidden} other topics" if hidden else enumeration(names)
    return f"chosen for {shown}"


def web_url(url: str, limit: int = URL_BYTES) -> str:
    """A link fit for mail, or "": absolute, https, at most `limit` bytes once escaped. Plain http becomes https."""
    try:
        parts = urlsplit(one_line(url).replace(" ", "%20"))
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    upgraded = parts._replace(scheme="https").geturl()
    return upgraded if _weight(upgraded) <= limit else ""


def host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
