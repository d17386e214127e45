"""What stands above or below the line, under a root or in a fraction in; a line of plain Unicode out."""

import re

from digest.tex.symbols import ABOVE, BELOW

_WORD = re.compile(r"[A-Za-z]{3,}")
_SIMPLE = re.compile(r"[\w.∞′*ℓ]*|\([^()]*\)")
_DEGREES = re.compile(r"[∘°]\s*([CF]?)")
_SMALL = (set(ABOVE.values()) | set(BELOW.values())) - set(ABOVE)


def script(sign: str, content: str) -> str:
    """Small characters where there is one for each, and no word that would be a strain to read: x², aᵢⱼ, x_max."""
    content = content.strip()
    table = ABOVE if sign == "^" else BELOW
    if sign == "^" and (degrees := _DEGREES.fullmatch(content)):
        return f"°{degrees[1]}"
    if all(character in table for character in content) and not _WORD.search(content):
        return "".join(table[character] for character in content)
    return f"{sign}{content}" if _SIMPLE.fullmatch(content) and _SMALL.isdisjoint(content) else f"{sign}({content})"


def grouped(content: str) -> str:
    """In round brackets, unless it cannot be misread without."""
    content = content.strip()
    return content if _SIMPLE.fullmatch(content) else f"({content})"
