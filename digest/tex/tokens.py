"""A text in; its pieces out, with the brackets that belong together and what each dollar sign means."""

import re
from collections.abc import Sequence
from itertools import zip_longest

DEEPEST = 30  # groups inside groups; nobody writes a fifth
LONGEST_FORMULA = 600
TOGGLE = "toggle"  # a dollar that begins or ends a formula; any other role is the text shown for it

_TOKEN = re.compile(r"[^\\{}$^_]+|\\[A-Za-z]+|\\.|\$\$?|[{}^_\\]", re.DOTALL)
_AMOUNT = re.compile(r"\s?\.?\d")
_SPEECH = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}\s")
_OPEN_END = re.compile(r"^[^\\^_{]*[(\s]$")


def split(text: str) -> list[str]:
    """Commands, brackets, dollars and scripts one by one, and the runs of text between them."""
    return _TOKEN.findall(text)


def brackets(tokens: Sequence[str]) -> dict[int, int]:
    """Where each `{` that is closed is closed."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for position, piece in enumerate(tokens):
        if piece == "{":
            opened.append(position)
        elif piece == "}" and opened:
            start = opened.pop()
            if len(opened) < DEEPEST:
                pairs[start] = position
    return pairs


def dollars(tokens: Sequence[str]) -> dict[int, str]:
    """What each dollar is: TOGGLE, or what is shown in its place."""
    places = [position for position, token in enumerate(tokens) if token[0] == "$"]
    roles: dict[int, str] = {}
    opener = ""
    for place, following in zip_longest(places, places[1:]):
        if opener == "$" and tokens[place] == "$$" and following is not None:
            roles[place] = ""  # the end of one formula and the beginning of the next one
        elif opener:
            opener, roles[place] = "", TOGGLE
        elif following is not None and _opens(tokens, place, following):
            opener, roles[place] = tokens[place], TOGGLE
        else:
            roles[place] = _shown(tokens, place)
    return roles


def _opens(tokens: Sequence[str], place: int, following: int) -> bool:
    """Whether a formula lies between two dollars, not words about money: "$5 or $10", "US$ 3 and A$ 4"."""
    content = "".join(tokens[place + 1 : following])
    if not 0 < len(content) <= LONGEST_FORMULA or (tokens[place] == "$$" != tokens[following]):
        return False
    if _AMOUNT.match(content):
        return not (_SPEECH.search(content) or _OPEN_END.match(content) or _after(tokens, following)[:1].isdigit())
    return not (content[0].isspace() and _before(tokens, place)[-1:].isupper())


def _shown(tokens: Sequence[str], place: int) -> str:
    """A dollar without a partner is shown, unless it can only be the end of a formula that began nowhere."""
    before, after = _before(tokens, place)[-1:], _after(tokens, place)[:1]
    if tokens[place] == "$$":
        return "$" if after.isdigit() else ""
    if before.isspace():
        return "" if after and after in ",.;:)" else "$"
    ends = before and not before.isupper() and before not in "([\"'“"
    return "" if ends and not after.isalnum() else "$"


def _before(tokens: Sequence[str], place: int) -> str:
    return tokens[place - 1] if place else ""


def _after(tokens: Sequence[str], place: int) -> str:
    return tokens[place + 1] if place + 1 < len(tokens) else ""
