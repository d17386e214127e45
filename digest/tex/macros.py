"""A macro that no table knows in; its arguments out, else its name, or words for one that hides a name."""

import re

from digest.tex.reading import Reader
from digest.tex.symbols import GREEK

_GLUED = re.compile(rf"({'|'.join(sorted(GREEK, key=len, reverse=True))})([mgsLJWAV]|[A-Z]\w*)")
# Macros that hide a name, such as `\method` or `\oursystemname`.
_WANTS_NOUN = re.compile(r"\b(?:our|the|a|an|this|proposed|new|novel)$", re.IGNORECASE)
_NAMELESS = re.compile(
    r"(?:our|my|the|new|this|proposed|total|bench|p|m)*"
    r"(method|mthd|model|sys|dataset|data|bench(?:mark)?|framework|approach|tool|project|task)?(?:s|tem|name|short)*",
    re.IGNORECASE,
)
_KINDS = {"": "method", "mthd": "method", "sys": "system", "data": "dataset", "bench": "benchmark"}
CODE = frozenset("ntrdwsbxWDSB")  # `\n`, `\d+`: more likely code than a macro


def other(reader: Reader, name: str) -> str:
    """What no table knows: its arguments are shown, else its name."""
    if len(name) == 1 and not reader.has_group():
        return f"\\{name}" if not reader.is_math and (name in CODE or not name.isalpha()) else name
    glued, before = _GLUED.fullmatch(name), reader.last
    shown = GREEK[glued[1]] + glued[2] if glued else ""
    option = reader.option() if reader.text().startswith("[") else ""
    if reader.has_group():
        return f"{shown}{reader.argument()}" or _named(name, before)
    if option:
        shown = f"{shown or _named(name, before)}[{option}]"
    return shown or _named(name, before)


def _named(name: str, before: str) -> str:
    found = _NAMELESS.fullmatch(name)
    if not found:
        return name
    kind = (found[1] or "").lower()
    kind = _KINDS.get(kind, kind)
    before = before.rstrip()
    if _WANTS_NOUN.search(before[-10:]):
        return kind
    return f"Our {kind}" if not before or before[-1] in ".!?" else f"our {kind}"
