"""A command for an accent or a letter of another alphabet in, the letter out."""

import re
import unicodedata

from digest.tex.letters import COMBINING, DOTLESS, LETTERS
from digest.tex.macros import CODE, other
from digest.tex.reading import Reader
from digest.tex.symbols import SIGNS

_LONE_LETTER = re.compile(r" [^\W\d_](?!\w)")


def letter(reader: Reader, name: str) -> str:
    """`\\o`, `\\ss`: the space behind only ends the command, as empty brackets do."""
    if reader.has_group() and reader.closing[reader.place] == reader.place + 1:
        reader.place += 2
    elif reader.text()[:1] == " ":
        reader.keep(reader.text()[1:])
    return LETTERS[name]


def accent(reader: Reader, name: str) -> str:
    """An accent on the letter that follows."""
    if name.isalpha() and not reader.has_group() and not _LONE_LETTER.match(reader.text()):
        return other(reader, name)
    if not name.isalpha() and (shown := _not_an_accent(reader, name)):
        return shown
    is_grouped = reader.has_group()
    content = reader.argument()
    if is_grouped and name + content in SIGNS:  # `\\b{eta}`, which some site made of `\\beta`
        return SIGNS[name + content]
    base = DOTLESS.get(content, content)
    composed = unicodedata.normalize("NFC", base + COMBINING.get(name, "\u0361"))
    if len(base) == 1 and base.isalpha() and (len(composed) == 1 or name not in "\"'.="):
        return composed
    if is_grouped and name in CODE and not content.isalpha():
        return f"\\{name}{{{content}}}"
    return content


def _not_an_accent(reader: Reader, name: str) -> str:
    """Quotation marks and dots of code: `\\"yes\\"`, `\\.txt`. "" where it is an accent."""
    run, place = reader.text(), reader.place
    if run and (not run[0].isalpha() or (name == "." and run[0] not in "cCeEgGzZI")):
        return f"\\{name}" if name in ".=" else name
    is_quote = (
        name == '"' and run and not reader.last[-1:].isalnum() and reader.tokens[place + 1 : place + 2] == ['\\"']
    )
    return name if is_quote and not "".join(reader.tokens[place + 2 : place + 3])[:1].isalpha() else ""
