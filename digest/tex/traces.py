"""A text as it is shown in, the kinds of TeX (or HTML) that still show in it out: strict, whatever it comes from.

`C:\\temp` and amounts of money are no traces. Code may look like one: `\\n` counts, although it is best left alone.
"""

import re

_KINDS = {
    "command": re.compile(r"\\[A-Za-z]"),
    "backslash": re.compile(r"\\(?![A-Za-z])"),
    "dollar": re.compile(r"\$(?!\s?\.?\d)"),
    "script": re.compile(r"[\^_]\s*\{"),
    "grouping": re.compile(r"[A-Za-z]\{|\}[A-Za-z]"),
    "quotes": re.compile(r"``|(?<=[^\W\d])''(?!\w)"),
    "tie": re.compile(r"(?<=[^\W\d])~(?=[\w(])|(?<=[.)])~(?=\w)|(?<=\d)~(?=[^\W\d(])"),
    "dashes": re.compile(r"(?<=\w)--(?=\w)|(?<!-)---(?!-)"),
    "entity": re.compile(r"&(?:[a-z]{2,8}|#\d+|#x[0-9a-fA-F]+);"),
}
_PATH = re.compile(r"(?<!\w)[A-Z]:\\[\w.\\-]*")
_LINK = re.compile(r"https?://[^\s{}]+")
BRACKETS = "brackets"  # one opened and never closed, or the other way round
KINDS = (*_KINDS, BRACKETS)
_BRACKET = re.compile(r"[{}]")
_ANY = re.compile(r"[\\$^_{}~`'&-]")


def traces(text: str) -> dict[str, str]:
    """Each kind of trace in the text, with what surrounds the first one."""
    if not _ANY.search(text):
        return {}
    text = _LINK.sub("", _PATH.sub("", text))
    found: dict[str, str] = {}
    for kind, pattern in _KINDS.items():
        if match := pattern.search(text):
            found[kind] = text[max(0, match.start() - 30) : match.end() + 30]
    if not _is_balanced(text):
        found[BRACKETS] = text[:60]
    return found


def _is_balanced(text: str) -> bool:
    depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket == "{" else -1
        if depth < 0:
            return False
    return depth == 0
