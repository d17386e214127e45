"""A name or a word with TeX accents in, the same in Unicode out: `Erd\\H{o}s` becomes `Erdős`."""

import re
import unicodedata

COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
DOTLESS = {"ı": "i", "ȷ": "j"}

_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|dj|DJ|[oOlLij])(?:\{\}|(?![a-zA-Z])[ ]?)")
# Symbols take the next letter, bare or in braces; letters need braces, a space or a backslash first: \v{s}, \c c.
_ACCENT = re.compile(r"""\\(?:(['`^"~=.])\s*|([uvHckrdb])(?=[{\s\\])\s*)(?:\{\s*([^\W\d_])\s*\}|([^\W\d_]))""")


def plain_name(name: str) -> str:
    r"""`Andr\'e`, `Sch\"{o}n`, `Erd\H{o}s`, `{\L}ukasz` as Unicode; braces that only grouped are gone."""
    if "\\" not in name and "{" not in name and "~" not in name:
        return name
    return with_letters(name).replace("{", "").replace("}", "").replace("~", " ")


def with_letters(text: str) -> str:
    """Accented and special letters as Unicode; every other command, and the braces, as they are."""
    if "\\" not in text:
        return text
    text = _LETTER.sub(lambda match: LETTERS[match[1]], text)
    for _ in range(2):  # twice, for an accent on an accented letter
        text = _ACCENT.sub(_accented, text)
    return text


def _accented(match: re.Match[str]) -> str:
    letter = match[3] or match[4]
    return unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + COMBINING[match[1] or match[2]])
