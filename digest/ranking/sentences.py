"""A text on one line in, its sentences out: plain rules and one walk, so that no text takes more than linear time."""

from __future__ import annotations

import re

# An end, whatever closes behind it, and a space; Chinese and Japanese put none.
_END = re.compile(r"[.!?…][\"'’”)\]]{0,3} (?=\S)|[。！？][」』”）]?(?=\S)")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘]{1,40}$")
# Behind these a full stop ends nothing, whatever follows.
_ABBREVIATIONS = frozenset((
    "e.g.", "i.e.", "cf.", "vs.", "viz.", "fig.", "figs.", "eq.", "eqs.", "eqn.", "sec.", "sect.", "ref.", "refs.",
    "tab.", "thm.", "prop.", "def.", "dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "vol.", "pp.", "ca.", "approx.",
    "resp.", "w.r.t.", "wrt.", "incl.", "no.", "nos.", "dept.", "univ.", "a.k.a.", "aka.", "ch.", "ed.", "eds.",
    "ph.d.", "ver.",
))  # fmt: skip
# Behind these it does where a new sentence plainly begins.
_OFTEN_ENDS = frozenset(["al.", "etc.", "inc.", "ltd.", "co.", "corp.", "u.s.", "u.k.", "e.u.", "a.m.", "p.m."])
_BEGINS = re.compile(r"[\"'“‘(\[]?(?:[^\W\d_a-z]|\d)")
_PLAINLY_BEGINS = re.compile(r"(?:We|Our|The|This|These|In|It|To|However|Here|For|A|An|As|On|By|While|Moreover) ")


def sentences(text: str) -> list[str]:
    """In order and whole: joined again they are the text, but for the spaces between them."""
    found, start = [], 0
    for end in _END.finditer(text):
        if _is_end(text, start, end.start(), end.end()):
            found.append(text[start : end.end()].strip())
            start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _is_end(text: str, start: int, at: int, after: int) -> bool:
    if text[at] in "。！？":
        return True
    if not _BEGINS.match(text, after):
        return False
    if text[at] != ".":
        return True
    last = _LAST_WORD.search(text, max(start, at - 40), at + 1)
    word = last[0].casefold() if last else ""
    if word in _OFTEN_ENDS:
        return bool(_PLAINLY_BEGINS.match(text, after))
    # An initial, as in "J. Smith": a letter alone that is capital; "Theorem A. We" is rare.
    is_initial = (
        last is not None and len(last[0]) == 2 and last[0][0].isupper() and not _PLAINLY_BEGINS.match(text, after)
    )
    return word not in _ABBREVIATIONS and not is_initial
