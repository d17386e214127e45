"""Text without commands in; quotes, dashes, ties, entities and what references left behind set as in print out."""

import re
from html import unescape

REFERENCE = "\ue000"  # stands where a reference was, until the brackets around it are seen to

_SIGN = re.compile(r"https?://\S+|``|''|-{2,}|~|&#?\w+;")
_REFERENCES = re.compile(
    r"(\b(?:[Bb]y|[Ii]n|of|from|to|with|and|on|[Ff]ollowing|extends?|see)\b)?([\s~]{0,5})([(\[]?)"
    r"(?:(?:e\.g\.|see|cf\.),?\s?)?\ue000(?:[\s,;~]{0,5}\ue000)*([)\]]?)"
)
_UNIT = "%KMBkmbxX×"


def set_in_type(text: str) -> str:
    """One pass; links are left alone."""
    parts: list[str] = []
    end = straight = curly = ticks = 0  # quotation marks so far; those that are open; backticks
    for match in _SIGN.finditer(text):
        between = text[end : match.start()]
        straight += between.count('"')
        curly += between.count("“") - between.count("”")
        ticks += between.count("`")
        sign = _set(match, straight % 2 == 1, curly > 0, ticks % 2 == 1)
        straight += sign == '"'
        curly += (sign == "“") - (sign == "”")
        parts += [between, sign]
        end = match.end()
    return "".join([*parts, text[end:]]) if parts else text


def _set(match: re.Match[str], is_straight: bool, is_curly: bool, is_code: bool) -> str:
    sign, text = match[0], match.string
    before, after = text[max(0, match.start() - 3) : match.start()], text[match.end() : match.end() + 1]
    if sign == "``":
        return "“"
    if sign == "''":
        return '"' if is_straight else _quoted(before[-1:], after, is_curly)
    if sign[0] == "-":
        return sign if len(sign) > 3 or (is_code and before[-1:].isspace()) else "—" if sign == "---" else "–"
    if sign == "~":
        return " " if _ties(before, after) else "~"
    return unescape(sign) if sign[0] == "&" else sign


def _quoted(before: str, after: str, is_open: bool) -> str:
    """Two apostrophes end a quotation, or begin one where authors knew no better; they also are inches and code."""
    if not before or before.isspace() or before in "([—–-/":
        return "“" if after.isalnum() else "''"
    return "''" if before.isdigit() and not is_open else "”"


def _ties(before: str, after: str) -> bool:
    """A tie holds two words together; between figures it is a range, before one it says "about"."""
    if not before or not after or before[-1].isspace() or after.isspace() or before[-1] in "(/<≈=~|":
        return False
    return not (after.isdigit() and (before[-1].isdigit() or (before[-1] in _UNIT and before[-2:-1].isdigit())))


def without_references(text: str) -> str:
    return _REFERENCES.sub(_dropped, text) if REFERENCE in text else text


def _dropped(match: re.Match[str]) -> str:
    """A reference in brackets goes with its brackets; one that the sentence needs leaves a mark."""
    word, space, opening, closing = match[1] or "", match[2], match[3], match[4]
    if opening and closing:
        return word
    if word and not opening:
        return f"{word} […]{closing}"
    return f"{word}{space if opening else ''}{opening}{closing}"
