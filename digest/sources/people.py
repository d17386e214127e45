"""Author lists and names as feeds write them in, one clean name each out: affiliations, marks, accents dealt with.

`Dupont, Jane` is Jane Dupont, `Jane Doe$^{1,*}$ (CNRS)` is Jane Doe, `for the ATLAS Collaboration` is the ATLAS
Collaboration; "et al." is nobody. What may be somebody's own way of writing it, such as small letters, stays.
"""

from __future__ import annotations

import re
import unicodedata

from digest import tex

MOST_AUTHORS = 5000  # the longest real list so far has 3,303
LONGEST_LIST = 200_000  # characters
LONGEST_NAME = 2000  # characters looked at

SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
DEGREE = re.compile(r"(?:ph\.?\s?d|m\.?\s?d|m\.?\s?sc|b\.?\s?sc|dr|prof|esq|mba|frs|ieee)\.?", re.IGNORECASE)
INITIALS = re.compile(r"(?:[A-Z]\.?[- ]?){1,4}")
AND = re.compile(r" and | ?& ")  # once every run of spaces is one
SEVERAL = re.compile(r";| and | & | for the | on behalf of (?:the )?")
PARTICLES = frozenset((
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "ter", "ten", "zu",
    "zur", "af", "bin", "ibn", "al", "el", "ben", "abu",
))  # fmt: skip
COLLECTIVE = re.compile(
    r"\b(?:collaboration|consortium|team|group|project|network|institute|university|lab|labs|laboratory|committee"
    r"|society|foundation|center|centre|initiative|organi[sz]ation|community|challenge|investigators)\b",
    re.IGNORECASE,
)
# Addresses, identifiers and links stand beside a name, never in one.
BESIDE = re.compile(
    r"<[^<>]*>|\[[^\[\]]*\]|https?://\S+|[\w.+-]{1,64}@[\w.-]+|(?:ORCID:?\s*)?\b\d{4}(?:-\d{3}[\dX]){3}\b"
)
MARKS = re.compile(r"[*∗⋆†‡§¶#✉⁎¹²³⁴⁵⁶⁷⁸⁹⁰]+(?:[,⸴]+[*∗⋆†‡§¶#✉⁎¹²³⁴⁵⁶⁷⁸⁹⁰]+)*|\^\(?[\d,*]+\)?")
NUMBERS = re.compile(r"(?<=[^\W\d_.])\s?\d{1,3}(?:,\s?\d{1,3})*$")
LEADING = re.compile(r"(?:(?:and|by|with)\s+|(?:for|on behalf of)\s+(?:the\s+)?|(?:dr|prof)\.\s+|&\s*)+", re.IGNORECASE)
TRAILING = re.compile(r"[ ,]{1,3}(?:and|et\.? ?al\.?|and others|&)$", re.IGNORECASE)  # of a text on one line
NOBODY = re.compile(r"(?:et\.? ?al\.?|and others|others|n/?a|unknown|anonymous authors?|and)", re.IGNORECASE)
PLAIN = re.compile(
    r"(?:[A-Z](?:[a-z]++|\.)(?:-[A-Z][a-z]++)?+(?: (?=[A-Z])|$))++"
)  # most names are; nothing to be done
SCRAMBLED = re.compile(r"[ÂÃÄÅ][\x80-\xbf]")  # GÃ¶tz: UTF-8 read as Latin-1
LOST_ACCENT = re.compile(r"(?<=[^\W\d_])([`\"])([aeiouAEIOU])")  # Valli`eres: a backslash was lost
# With a vowel behind the first letter: `GNVV` and `UMMPK` are initials.
CAPITALS = re.compile(r"(?=.+[AEIOUYÀ-ÖØ-Ýİ])(?:[^\W\d_a-z]{4,}(?:['’-][^\W\d_a-z]+)*|[^\W\d_a-z]['’][^\W\d_a-z]{3,})")
LETTERS = re.compile(r"[^\W\d_]+")
SON_OF = re.compile(r"^Mc([a-z])(?=[a-z]{2})")
EDGES = " ,;:/\\|_-–"


def split(value: str) -> tuple[str, ...]:
    """Names of a list such as `Andr\\'e Dupont (CNRS, Paris), Jane Doe and J. Roe, Jr.`, without affiliations."""
    bare = " ".join(without_brackets(tex.plain_name(beside(value[:LONGEST_LIST]))).split())
    pieces = AND.split(bare)
    if ";" in bare or are_turned(pieces):
        parts = [name for part in bare.split(";") for name in AND.split(part)]
    else:
        parts = [name for part in bare.split(",") for name in AND.split(part)]
        parts = [name.strip() for name in parts if name.strip(" .,")][: 2 * MOST_AUTHORS]
        parts = surname_first(parts) or with_suffixes(parts)
    return names(parts)


def names(values: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Each of the values is one name, or, by mistake, a few that are joined by "and" or a semicolon."""
    found: dict[str, None] = {}
    for value in values[: 2 * MOST_AUTHORS]:
        if PLAIN.fullmatch(value):
            found[value] = None
            continue
        for part in SEVERAL.split(value[:LONGEST_NAME]):
            if cleaned := name(part):
                found[cleaned] = None
    return tuple(found)[:MOST_AUTHORS]


def name(value: str) -> str:
    """One name as people write it, "" where there is none."""
    value = unscrambled(value[:LONGEST_NAME])
    if "$" in value or "\\" in value or "^" in value or "~" in value or "{" in value:
        value = tex.readable(tex.plain_name(value)).replace("{", "").replace("}", "").replace("\\", "")
    value = MARKS.sub(" ", without_brackets(beside(value))).replace("_", " ").replace("''", '"')
    value = " ".join(LOST_ACCENT.sub(accented, value).split()).strip(EDGES)
    value = without_trailing(LEADING.sub("", value, count=1) if LEADING.match(value) else value).strip(EDGES)
    if not COLLECTIVE.search(value):
        value = capitalised(turned(NUMBERS.sub("", value) if " " in value else value))
    return "" if NOBODY.fullmatch(value) or not any(character.isalpha() for character in value) else value


def without_trailing(value: str) -> str:
    """One "and" after the other, from the end: a pattern for all of them would begin anew at each."""
    while found := TRAILING.search(value, max(0, len(value) - 20)):
        value = value[: found.start()].rstrip(EDGES)
    return value


def beside(value: str) -> str:
    return (
        BESIDE.sub(" ", value)
        if "@" in value or "<" in value or "[" in value or "-" in value or "/" in value
        else value
    )


def unscrambled(value: str) -> str:
    try:
        return value.encode("latin-1").decode() if SCRAMBLED.search(value) else value
    except UnicodeError:
        return value


def accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[2] + {"`": "\u0300", '"': "\u0308"}[match[1]])


def turned(value: str) -> str:
    """`van der Berg, Jan` as Jan van der Berg; a suffix stays behind, a degree goes."""
    parts = [part.strip() for part in value.split(",")]
    parts = [part for part in parts if part and not DEGREE.fullmatch(part)]
    if len(parts) < 2 or len(parts) > 3:
        return ", ".join(parts)
    suffixes = [part for part in parts[1:] if SUFFIX.fullmatch(part)]
    given = [part for part in parts[1:] if part not in suffixes]
    if not given:
        return ", ".join(parts)
    order = [parts[0], *given] if is_east_asian(value) else [*given, parts[0]]
    return ", ".join([" ".join(order), *suffixes])


def capitalised(value: str) -> str:
    """`DUPONT Jean`, `Jean DUPONT` and `JEAN DUPONT` as Jean Dupont; words of two or three capitals are initials."""
    words = value.split(" ")
    loud = [bool(CAPITALS.fullmatch(word)) for word in words]
    if len(words) < 2 or not any(loud):
        return unicodedata.normalize("NFC", value)
    shouted = value.isupper()
    calm = [
        title(word) if is_loud or (shouted and len(word) > 2) else word
        for word, is_loud in zip(words, loud, strict=True)
    ]
    if loud[0] and not any(loud[1:]) and all(word[1:].islower() for word in words[1:]):
        calm = [*calm[1:], calm[0]]
    return unicodedata.normalize("NFC", " ".join(calm))


def title(word: str) -> str:
    """`O'BRIEN-SMITH` as O'Brien-Smith, `MCDONALD` as McDonald."""
    shown = LETTERS.sub(lambda match: match[0].capitalize().replace("i\u0307", "i"), word)
    return SON_OF.sub(lambda match: f"Mc{match[1].upper()}", shown)


def is_east_asian(value: str) -> bool:
    return any("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af" for character in value)


def without_brackets(value: str) -> str:
    """Everything in round brackets goes, nested ones too; a bracket that never closes is only a character."""
    if "(" not in value:
        return value
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


def are_turned(pieces: list[str]) -> bool:
    """`Doe, Jane and Roe, Richard`: surnames first, as in bibliographies; or one name alone, `Doe, Jane`."""
    pairs = [piece.split(",") for piece in pieces]
    if any(len(pair) != 2 or not is_surname(pair[0]) or len(pair[1].split()) not in (1, 2, 3) for pair in pairs):
        return False
    given = [pair[1].strip() for pair in pairs]
    return not any(SUFFIX.fullmatch(name) for name in given) and (
        len(pairs) > 1 or " " not in given[0] or "." in given[0]
    )


def is_surname(value: str) -> bool:
    words = value.split()
    return len(words) == 1 or (1 < len(words) < 5 and all(word.lower() in PARTICLES for word in words[:-1]))


def surname_first(parts: list[str]) -> list[str]:
    """`Lapalu, N., Simon, A.` comes as surname and initials in turn: `N. Lapalu`, `A. Simon`."""
    surnames, initials = parts[::2], parts[1::2]
    if len(parts) < 2 or len(parts) % 2 or not all(INITIALS.fullmatch(part) for part in initials):
        return []
    return [f"{first} {last}" for last, first in zip(surnames, initials, strict=True)]


def with_suffixes(parts: list[str]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if found and (SUFFIX.fullmatch(part) or DEGREE.fullmatch(part)):
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found
