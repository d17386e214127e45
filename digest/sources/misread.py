"""A name as stored in, what in it belongs to no name out: strict, so that reading can be measured."""

from __future__ import annotations

import re

from digest.sources.people import CAPITALS, COLLECTIVE, SUFFIX

_KINDS = {
    "markup": re.compile(r"[\\{}$~^<>=_|]|&#?\w+;"),
    "brackets": re.compile(r"[()\[\]]"),
    "address": re.compile(r"@|https?:|\d{4}-\d{4}|(?i:orcid)"),
    "mark": re.compile(r"[*∗†‡§¶#✉¹²³⁴⁵⁶⁷⁸⁹⁰:;/]"),
    "several": re.compile(r"(?i)(?:^|\s)(?:and|&|et\.? al\.?)(?:\s|$)|^for the |.{80}"),
    "accent": re.compile(r"(?<=[^\W\d_])[`\"](?=[aeiou])|''"),
}
_DIGIT = re.compile(r"\d")
KINDS = (*_KINDS, "comma", "digit", "capitals", "empty")


def misread(name: str) -> list[str]:
    found = [kind for kind, pattern in _KINDS.items() if pattern.search(name)]
    if any(not SUFFIX.fullmatch(part.strip()) for part in name.split(",")[1:]):
        found.append("comma")
    if not any(character.isalpha() for character in name):
        found.append("empty")
    if " " in name and not COLLECTIVE.search(name):
        found += ["digit"] if _DIGIT.search(name) else []
        found += ["capitals"] if any(CAPITALS.fullmatch(word) for word in name.split()) else []
    return found
