"""A command's name in, what is shown for it out: one small function a kind of command, and the table of them all."""

import re
import unicodedata

from digest.tex.accents import accent, letter
from digest.tex.letters import COMBINING, DOTLESS, LETTERS
from digest.tex.macros import other
from digest.tex.reading import Command, Reader
from digest.tex.scripts import grouped, script
from digest.tex.symbols import BEFORE, BETWEEN, BLACKBOARD, DINGBATS, NOTHING, OVER, SIGNS, WORDS
from digest.tex.typography import REFERENCE

_LENGTH = re.compile(r"\s*-?[\d.]+\s?(?:mu|pt|em|ex|cm|mm|in)?")
_UNIT = re.compile(r" ?(?:[mgsLlJWAVMFHSC]|rad|sec)(?![A-Za-z])")


def sign(reader: Reader, name: str) -> str:
    shown, run = SIGNS[name], reader.text()
    before = reader.last[-1:]
    if name in WORDS:
        lead = " " if before.isalnum() else ""
        return f"{lead}{shown} " if run[:1].isalnum() else f"{lead}{shown}"
    if not reader.is_math:
        return shown
    if name in BEFORE or (name in BETWEEN and before and not before.isspace()):
        reader.skip_space()
    if name in ("mu", "upmu") and _UNIT.match(run):
        reader.skip_space()
    return shown


def about(reader: Reader, name: str) -> str:
    """`\\sim` before a number says "about"; between two things it is a relation."""
    before = reader.last[-1:]
    if before and not before.isspace() and before not in "([{":
        reader.skip_space()
        return "∼"
    return "~"


def degree(reader: Reader, name: str) -> str:
    return "deg" if reader.is_math and not reader.last[-1:].isdigit() else "°"


def nothing(reader: Reader, name: str) -> str:
    if name in ("left", "right") and reader.text()[:1] == ".":
        reader.keep(reader.text()[1:])
    reader.skip_space()
    return ""


def length(reader: Reader, name: str) -> str:
    found = _LENGTH.match(reader.text())
    if found:
        reader.keep(reader.text()[found.end() :])
    return ""


def words(reader: Reader, name: str) -> str:
    star(reader)
    return reader.words()


def symbols(reader: Reader, name: str) -> str:
    star(reader)
    return reader.argument()


def star(reader: Reader) -> None:
    if reader.text()[:1] == "*":
        reader.keep(reader.text()[1:])


def second(reader: Reader, name: str) -> str:
    """`\\textcolor{red}{text}` and its like."""
    reader.option()
    reader.verbatim()
    return reader.argument() if reader.has_group() else ""


def first(reader: Reader, name: str) -> str:
    """`\\replaced{new}{old}`: what was there before is gone."""
    reader.option()
    shown = reader.argument()
    reader.verbatim()
    return shown


def dropped(reader: Reader, name: str) -> str:
    star(reader)
    reader.option()
    reader.verbatim()
    return ""


def reference(reader: Reader, name: str) -> str:
    star(reader)
    while reader.option():
        pass
    return REFERENCE if reader.verbatim() else ""


def footnote(reader: Reader, name: str) -> str:
    reader.option()
    note = reader.words().strip() if reader.has_group() else ""
    space = "" if not reader.last or reader.last[-1].isspace() else " "
    return f"{space}({note})" if note else space


def link(reader: Reader, name: str) -> str:
    address = reader.verbatim()
    reader.skip_space_before_group()
    return (reader.words() if reader.has_group() else "") or address


def address(reader: Reader, name: str) -> str:
    return reader.verbatim()


def verb(reader: Reader, name: str) -> str:
    run = reader.text()
    end = run.find(run[:1], 1) if run else -1
    if end > 0:
        reader.keep(run[end + 1 :])
        return run[1:end]
    return ""


def fraction(reader: Reader, name: str) -> str:
    above, below = reader.argument(), reader.argument()
    below = f"({below})" if below[:1].isdigit() and below[-1:].isalpha() else grouped(below)
    return f"{grouped(above)}/{below}" if below else above


def root(reader: Reader, name: str) -> str:
    degree = reader.option()
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree) or f"{script('^', degree)}√"
    return f"{sign}{grouped(reader.argument())}"


def quantity(reader: Reader, name: str) -> str:
    reader.option()
    return f"{reader.argument()} {reader.argument()}"


def choose(reader: Reader, name: str) -> str:
    return f"({reader.argument()} choose {reader.argument()})"


def modulo(reader: Reader, name: str) -> str:
    space = "" if reader.last[-1:].isspace() else " "
    return f"{space}(mod {reader.argument()})"


def stacked(reader: Reader, name: str) -> str:
    small, base = reader.argument(), reader.argument()
    return base + script("_" if name == "underset" else "^", small)


def over(reader: Reader, name: str) -> str:
    content = reader.argument()
    if len(content) == 1 and content.isalpha():
        return unicodedata.normalize("NFC", DOTLESS.get(content, content) + OVER[name])
    return content


def negated(reader: Reader, name: str) -> str:
    return unicodedata.normalize("NFC", reader.argument() + "\u0338")


def blackboard(reader: Reader, name: str) -> str:
    return "".join(BLACKBOARD.get(character, character) for character in reader.argument())


def quoted(reader: Reader, name: str) -> str:
    return f"“{reader.words()}”"


def textscript(reader: Reader, name: str) -> str:
    return script("_" if name == "textsubscript" else "^", reader.words())


def character(reader: Reader, name: str) -> str:
    code = reader.verbatim()
    try:
        found = chr(int(code[1:], 16) if code[:1] in ("x", "u") else int(code))
    except (ValueError, OverflowError):
        return ""
    return found if found.isprintable() else " "


def dingbat(reader: Reader, name: str) -> str:
    return DINGBATS.get(reader.verbatim().strip(), "")


_TEXT = "textbf textit textsf texttt textsc textrm textnormal textup textmd text emph underline uline mbox hbox"
_MATH = "mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathrm mathop mathbin mathrel boldsymbol bm pmb bold"
_CITES = "cite citep citet citealp citealt citeauthor citeyear citeyearpar parencite textcite autocite footcite nocite"
_REFERENCES = "ref eqref autoref cref Cref pageref nameref"
_DROPPED = (
    "label begin end vspace hspace includegraphics bibliography bibliographystyle color pagestyle thispagestyle index"
    " deleted sout st phantom hphantom vphantom input usepackage thanks footnotemark footnotetext"
)

COMMANDS: dict[str, Command] = {
    "": other,
    **dict.fromkeys(SIGNS, sign),
    **dict.fromkeys(NOTHING, nothing),
    **dict.fromkeys([*_TEXT.split(), "operatorname"], words),
    **dict.fromkeys([*_MATH.split(), "ensuremath"], symbols),
    **dict.fromkeys([*_CITES.split(), *_REFERENCES.split()], reference),
    **dict.fromkeys(_DROPPED.split(), dropped),
    **dict.fromkeys(("textcolor", "hyperlink", "hypertarget", "hyperref", "colorbox", "scalebox", "raisebox"), second),
    **dict.fromkeys(("replaced", "texorpdfstring"), first),
    **dict.fromkeys(("url", "path", "nolinkurl", "email"), address),
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), fraction),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), choose),
    **dict.fromkeys(("overset", "underset", "stackrel"), stacked),
    **dict.fromkeys(("mkern", "kern", "hskip", "vskip", "mskip"), length),
    **dict.fromkeys(("mathbb", "mathds", "mathbbm", "Bbb"), blackboard),
    **dict.fromkeys(("textsubscript", "textsuperscript"), textscript),
    **dict.fromkeys(("enquote", "textquote", "say"), quoted),
    **dict.fromkeys(("SI", "qty"), quantity),
    **dict.fromkeys(OVER, over),
    **dict.fromkeys(LETTERS, letter),
    **dict.fromkeys(COMBINING, accent),
    "t": accent,
    "sim": about,
    "deg": degree,
    "footnote": footnote,
    "href": link,
    "verb": verb,
    "sqrt": root,
    "pmod": modulo,
    "not": negated,
    "unicode": character,
    "ding": dingbat,
}  # fmt: skip
