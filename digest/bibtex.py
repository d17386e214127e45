"""Takes a paper, gives its BibTeX entry: one that classic BibTeX reads, in ASCII where TeX has a way to say it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from digest import tex
from digest.ranking.words import STOP_WORDS, words
from digest.sources import identifiers, people
from digest.tex.letters import COMBINING, LETTERS

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "—": "---", "“": "``", "”": "''",
    "‘": "`", "’": "'", "\u00a0": "~",
}  # fmt: skip
ACCENTS = {accent: command for command, accent in COMBINING.items()}
SPECIAL_LETTERS = {letter: command for command, letter in LETTERS.items()}
# Mathematics as its authors typed it, and commands that stand outside it: told apart from a sum of money by `readable`.
MATHEMATICS = re.compile(r"\$[^$]+\$")
HARMLESS = re.compile(r"[^\\%#&]*+(?:\\(?:[a-zA-Z]++|[,;:! {}&%#_])[^\\%#&]*+)*+")


class Citable(Protocol):
    """The columns of a `Paper` row that are cited."""

    title: str
    authors: Sequence[str]
    categories: Sequence[str]
    primary_category: str
    arxiv_id: str | None
    doi: str | None
    journal_reference: str
    url: str
    published_at: datetime | None


def bibtex(paper: Citable) -> str:
    """An article where a journal is named, else `misc`; arXiv's id as an eprint, any DOI as it is."""
    kind = "article" if paper.journal_reference else "misc"
    lines = [f"  {name:13} = {{{value}}}" for name, value in fields(paper) if value]
    return "@" + kind + "{" + ",\n".join([key(paper), *lines]) + "\n}\n"


def fields(paper: Citable) -> Iterator[tuple[str, str]]:
    yield "title", f"{{{title(paper.title)}}}"  # twice in braces: its capitals stay
    yield "author", " and ".join(name(each) for each in paper.authors if any(map(str.isalnum, each)))
    yield "year", year(paper)
    yield "journal", escaped(tex.readable(paper.journal_reference))
    if paper.arxiv_id:
        yield "eprint", paper.arxiv_id
        yield "archivePrefix", "arXiv"
        yield "primaryClass", escaped(paper.primary_category or next(iter(paper.categories), ""))
    yield "doi", bare(paper.doi or "")
    yield "url", bare(paper.url)


def key(paper: Citable) -> str:
    """Surname, year and the first telling word of the title, in ASCII: `berg2026meta`."""
    surname = "".join(words(turned(paper.authors[0])[0])) if paper.authors else ""
    telling = next((word for word in words(paper.title) if word not in STOP_WORDS and len(word) > 2), "")
    found = "".join(re.findall(r"[a-z0-9]+", f"{surname}{year(paper)}{telling}"))
    return found or re.sub(r"[^a-z0-9]+", "", (paper.arxiv_id or "").lower()) or "paper"


def year(paper: Citable) -> str:
    if paper.published_at:
        return str(paper.published_at.year)
    return str(identifiers.arxiv_month(paper.arxiv_id).year) if paper.arxiv_id else ""


def title(text: str) -> str:
    """Formulae stay as they were typed where they are sound; all other TeX is first said in plain words."""
    parts, place = [], 0
    found = [each for each in MATHEMATICS.finditer(text) if is_mathematics(each[0])] if text.count("$") % 2 == 0 else []
    for formula in found:
        parts += [escaped(readable_part(text[place : formula.start()])), formula[0]]
        place = formula.end()
    parts.append(escaped(readable_part(text[place:])))
    return "".join(parts)


def readable_part(text: str) -> str:
    """Without TeX; the spaces at its ends, beside a formula, stay."""
    bare = text.strip()
    if not bare:
        return text
    start = text.index(bare)
    return text[:start] + tex.readable(bare) + text[start + len(bare) :]


def is_mathematics(formula: str) -> bool:
    """Sound, and not the text between two prices."""
    inner = formula[1:-1]
    return is_balanced(inner) and HARMLESS.fullmatch(inner) is not None and "$" not in tex.readable(formula)


def is_balanced(text: str) -> bool:
    depth = 0
    for brace in text:  # an escaped one counts for BibTeX, too
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def name(author: str) -> str:
    """`Jane van der Berg` as `van der Berg, Jane`; who is no single person, or has one name, in braces."""
    family, suffix, given = turned(author)
    if not given:
        return f"{{{escaped(family)}}}"
    return ", ".join(escaped(part) for part in (family, suffix, given) if part)


def turned(author: str) -> tuple[str, str, str]:
    """Family name with its particles, suffix, given names; a group is a family without given names."""
    plain = tex.readable(author)
    parts = plain.split()
    if people.COLLECTIVE.search(plain) or "," in plain or len(parts) < 2 or "and" in (each.lower() for each in parts):
        return " ".join(parts), "", ""
    suffix = parts.pop() if len(parts) > 2 and people.SUFFIX.fullmatch(parts[-1]) else ""
    start = len(parts) - 1
    while start > 1 and parts[start - 1].lower() in people.PARTICLES and parts[start - 1].islower():
        start -= 1
    return " ".join(parts[start:]), suffix, " ".join(parts[:start])


def escaped(text: str) -> str:
    """Plain Unicode as TeX: its special characters, dashes and quotes, accents and letters; the rest as it is."""
    spaced = re.sub(r"[^\S\u00a0]+", " ", unicodedata.normalize("NFC", text))
    return "".join(SPECIAL.get(each) or letter(each) for each in spaced if each.isprintable() or each == "\u00a0")


def letter(character: str) -> str:
    """`é` as {\\'e}, `ß` as {\\ss}; what TeX's text fonts have no command for stays as it is."""
    if character.isascii():
        return character
    if command := SPECIAL_LETTERS.get(character):
        return f"{{\\{command}}}"
    base, marks = unicodedata.normalize("NFD", character)[0], unicodedata.normalize("NFD", character)[1:]
    if not base.isascii() or not base.isalpha() or marks not in ACCENTS:
        return character
    command = ACCENTS[marks]
    dotless = f"\\{base}" if base in "ij" and command not in "ck" else base
    return f"{{\\{command}{{{dotless}}}}}" if command.isalpha() or dotless != base else f"{{\\{command}{base}}}"


def bare(address: str) -> str:
    """Addresses are not escaped, as styles print them with `url`; what would end the field is hexadecimal."""
    return "".join(f"%{ord(each):02X}" if each in '{}\\"' or each.isspace() else each for each in address)
