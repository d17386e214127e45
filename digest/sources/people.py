"""Author lists as feeds write them in, one name each out: affiliations, TeX accents and separators dealt with."""

from __future__ import annotations

import re

from digest import tex

SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
INITIALS = re.compile(r"^(?:[A-Z]\.?[- ]?){1,4}$")
AND = re.compile(r" and | ?& ")  # once every run of spaces is one
MOST_AUTHORS = 5000  # the longest real list so far has 3,303
LONGEST_LIST = 200_000  # characters


def split(value: str) -> tuple[str, ...]:
    """Names of a list such as `Andr\\'e Dupont (CNRS, Paris), Jane Doe and J. Roe, Jr.`, without affiliations."""
    bare = " ".join(without_brackets(tex.plain_name(value[:LONGEST_LIST])).split())
    parts = [name.strip() for part in bare.split(";" if ";" in bare else ",") for name in AND.split(part)]
    parts = [name for name in parts if name.strip(" .,")][: 2 * MOST_AUTHORS]
    return tuple(surname_first(parts) or with_suffixes(parts))


def without_brackets(value: str) -> str:
    """Everything in round brackets goes, nested ones too; a bracket that never closes is only a character."""
    kept: list[str] = []
    opened: list[int] = []
    for character in value:
        if character == "(":
            opened.append(len(kept))
        if character == ")" and opened:
            del kept[opened.pop() :]
            continue
        kept.append(character)
    return "".join(kept).replace("(", " ")


def surname_first(parts: list[str]) -> list[str]:
    """`Lapalu, N., Simon, A.` comes as surname and initials in turn: `N. Lapalu`, `A. Simon`."""
    surnames, initials = parts[::2], parts[1::2]
    if len(parts) < 2 or len(parts) % 2 or not all(INITIALS.match(part) for part in initials):
        return []
    return [f"{first} {last}" for last, first in zip(surnames, initials, strict=True)]


def with_suffixes(parts: list[str]) -> list[str]:
    names: list[str] = []
    for part in parts:
        if names and SUFFIX.match(part):
            names[-1] += f", {part}"
        else:
            names.append(part)
    return names
