r"""Takes a title, an abstract or a name as authors typed it, gives it without the TeX: "$10^{-3}$" becomes "10⁻³".

Everything is said in plain Unicode: what has no character of its own is written out ("x_max", "√(n+1)"), a macro that
only its authors know leaves its argument. Text without TeX stays as it is; so do amounts of money, paths and code.
"""

import re

from digest.tex.commands import COMMANDS
from digest.tex.letters import plain_name, with_letters
from digest.tex.reading import Reader
from digest.tex.typography import set_in_type, without_references

__all__ = ["plain_name", "readable", "with_letters"]

PASSES = 4
_HAS_TEX = re.compile(r"[$\\{}~]|--|``|''|&#?\w+;")
_PATH = re.compile(
    r"((?<![\w$])[A-Z]:(?:\\(?!math|text|to\b)[\w.-]++(?![\^_{]))+\\?|(?<!\S)\\\\[\w.-]+(?:\\[\w.$-]+)+)"
)


def readable(text: str) -> str:
    """The text with accents, symbols, formulae, references, quotes and dashes written out.

    What it gives it would not change again. Where that is not reached in a few passes nobody has written the text to
    be read, and it stays as it is.
    """
    shown = text
    for _ in range(PASSES):
        if not _HAS_TEX.search(shown):
            return shown
        again = _once(shown)
        if again == shown:
            return shown
        shown = again
    return text if _once(shown) != shown else shown


def _once(text: str) -> str:
    parts = _PATH.split(text) if ":\\" in text or "\\\\" in text else [text]
    parts[::2] = [_plain(part) for part in parts[::2]]
    return "".join(parts)


def _plain(text: str) -> str:
    if "\\" in text or "{" in text or "}" in text or "$" in text:
        text = without_references(Reader(text, COMMANDS).all())
    return set_in_type(text)
