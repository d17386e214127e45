"""Takes an author's name as papers write it; gives the form in which names are compared."""

from __future__ import annotations

import re

WORD = re.compile(r"\w+")


def author_key(name: str) -> str:
    """Lower case, without dots and hyphens."""
    return " ".join(WORD.findall(name.casefold()))
