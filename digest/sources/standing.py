"""A paper's title, comment and abstract in, whether it says of itself that it was withdrawn or retracted out.

Only a sentence that is about the paper itself counts, and in an abstract only the first one: patients are withdrawn
too, and so are consents, earlier versions, and submissions from a conference. docs/adr/0016-names-as-rows.md
has the measurement.
"""

from __future__ import annotations

import re
from enum import Enum, auto

PAPER = (
    r"(?:paper|article|submission|manuscript|work|preprint|pre-print|version|draft|report|letter|note|chapter|study)"
)
SELF = rf"(?:this|the|our|my) (?:(?!previous|earlier|first|old|original|prior|initial|former|second)[\w-]+ )?{PAPER}"
GONE = r"(?:withdrawn|retracted)(?! from (?!(?:the )?arxiv))(?!-)"
OWNERS = r"(?:(?:the|all) )?authors?|we|i|(?:the )?editors?|(?:the )?publisher"
ADVERBS = r"(?:(?:\w+ly|now|since|being|therefore|thus|hereby|unfortunately) )*"
WISH = r"(?:(?:have|has|had|are|am|is|wish(?:es)?|would like|want|decided|requested?|choose|chose|to) )*"
SAYS = re.compile(
    rf"(?:arxiv admin note: |note: |notice: |\* ?|\[|\()*"
    rf"(?:"
    rf"{SELF} (?:(?:has|have|had|is|was|will|be|been|to) )+{ADVERBS}(?:been )?{GONE}"
    rf"|{PAPER} (?:(?:has|is|was|been) )*{ADVERBS}{GONE}"
    rf"|(?:{OWNERS}) {ADVERBS}{WISH}{ADVERBS}(?:withdr[ae]w(?:n|ing)?|retract(?:ed|ing)?) {SELF}"
    rf"|(?:{OWNERS}) (?:have|has) {ADVERBS}{GONE}\b(?! (?!due|because|as\b|since|for\b))"
    rf"|{GONE}(?= (?:by (?:the )?(?:authors?|arxiv|editors?|publisher)|due|because|as (?:it|the|we)|at the|until"
    rf"|pending|owing|on request|temporarily|for (?:revision|now|errors?))|[.,;:!)\]\n]|$)"
    rf"|{SELF} (?:has|have) been removed by arxiv"
    rf"|withdr(?:awal|awing|aw) (?:{SELF}|due|because|notice|requested|by the authors?|of {SELF})"
    rf")",
    re.IGNORECASE,
)
MARK = r"(?: (?:article|paper|chapter))?(?: ?:| [\u2013\u2014-] |\])"
MARK_BEHIND = r"[(\[](?:this (?:paper|article) )?(?:has been )?retracted[)\]]\W*$"
MARKED = re.compile(
    rf"\W{{0,5}}(?P<retracted>retracted){MARK}|\W{{0,5}}(?P<withdrawn>withdrawn){MARK}"
    rf"|retraction (?:note|notice)\b|.{{1,900}}{MARK_BEHIND}",
    re.IGNORECASE,
)
MARKS = re.compile(rf"^\W{{0,5}}(?:retracted|withdrawn){MARK}|{MARK_BEHIND}", re.IGNORECASE)
SENTENCES = re.compile(r"(?<=[.;,!?)\]]) | [\u2013\u2014-] |\n+")
HINTS = ("withdr", "retract", "removed by arxiv")  # without any of these there is nothing to look for
LONGEST = 500  # characters of a sentence that are looked at
MOST = 40  # sentences of a comment


class Standing(Enum):
    GOOD = auto()
    WITHDRAWN = auto()
    RETRACTED = auto()


def standing(title: str, comment: str, abstract: str) -> Standing:
    """By the title's mark, else by what the comment or the beginning of the abstract says."""
    said = f"{title}\n{comment}\n{abstract[:LONGEST]}".lower()
    if not any(hint in said for hint in HINTS):
        return Standing.GOOD
    if marked := MARKED.match(title):
        return Standing.WITHDRAWN if marked["withdrawn"] else Standing.RETRACTED
    for sentence in [*SENTENCES.split(comment)[:MOST], abstract[:LONGEST]]:
        if found := SAYS.match(sentence.lstrip()[:LONGEST]):
            return Standing.RETRACTED if "retract" in found[0].lower() else Standing.WITHDRAWN
    return Standing.GOOD


def unmarked(title: str) -> str:
    """The title as it was before the paper was withdrawn or retracted; a retraction note's own is left alone."""
    lowered = title.lower()
    if "withdrawn" not in lowered and "retracted" not in lowered:
        return title
    return MARKS.sub("", title).strip() or title
