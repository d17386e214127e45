"""The pieces of a text in, the text as people read it out. One walk: no piece is looked at twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from digest.tex import tokens
from digest.tex.scripts import script

Command = Callable[["Reader", str], str]
"""A command's name in, what is shown for it out. It reads its own arguments."""

ESCAPED = {character: character for character in "%&_#${}@"} | {
    "-": "", "/": "", "!": "", "|": "‖", "+": "+", **dict.fromkeys(",;:> \n\\", " "),
}  # fmt: skip
_SPACE = re.compile(r"\s+")
_OPTION = re.compile(r"\[[^\[\]]{0,200}\]")


class Reader:
    """Walks through a text once; commands take their arguments from it. `is_math` says whether a formula is open."""

    def __init__(self, text: str, commands: Mapping[str, Command]) -> None:
        self.tokens = tokens.split(text)
        self.closing = tokens.brackets(self.tokens)
        self.dollars = tokens.dollars(self.tokens) if "$" in text else {}
        self.commands = commands
        self.place = 0
        self.depth = 0
        self.is_math = False
        self.last = ""  # what was shown last

    def all(self) -> str:
        return self.until(len(self.tokens))

    def until(self, end: int) -> str:
        """What is shown for the pieces up to `end`."""
        shown: list[str] = []
        while self.place < end:
            token = self.tokens[self.place]
            self.place += 1
            if self.is_math and shown and self.ends_formula(token):
                shown[-1] = shown[-1].rstrip()
            piece = self.piece(token)
            if piece:
                shown.append(piece)
                self.last = piece
        return "".join(shown)

    def ends_formula(self, token: str) -> bool:
        return token in ("\\)", "\\]") or self.dollars.get(self.place - 1) == tokens.TOGGLE

    def piece(self, token: str) -> str:
        first = token[0]
        if first == "\\":
            return self.command(token[1:])
        if first == "{":
            return self.group()
        if first == "}":
            return token if not self.is_math and self.last[-1:].isspace() and self.text()[:1].isspace() else ""
        if first == "$":
            return self.dollar()
        if first in "^_" and len(token) == 1:
            return self.script(token)
        return self.plain(token) if self.is_math else token

    def plain(self, token: str) -> str:
        """Text inside a formula: line breaks and ties are spaces, two apostrophes a second prime."""
        shown = _SPACE.sub(" ", token).replace("~", " ").replace("''", "″")
        return shown.lstrip() if self.last[-1:].isspace() else shown

    def dollar(self) -> str:
        role = self.dollars.get(self.place - 1, "")
        return self.formula(not self.is_math) if role == tokens.TOGGLE else role

    def formula(self, begins: bool) -> str:
        self.is_math = begins
        if begins:
            self.skip_space()
        return ""

    def command(self, name: str) -> str:
        if name in ESCAPED:
            return self.escaped(name)
        if name in ("(", "[", ")", "]"):
            return self.formula(name in "([")
        if not name or self.depth > tokens.DEEPEST:
            return f"\\{name}"
        self.depth += 1
        shown = self.commands.get(name, self.commands[""])(self, name)
        self.depth -= 1
        return shown

    def escaped(self, sign: str) -> str:
        shown = ESCAPED[sign]
        return "" if shown == " " and self.last[-1:].isspace() else shown

    def group(self) -> str:
        """Brackets that only group are not shown; in a sentence, brackets around mere words are the authors' own."""
        start = self.place - 1
        end = self.closing.get(start)
        if end is None:
            return "{" if not self.is_math and self.text()[:1].isspace() and self.last[-1:].isspace() else ""
        is_ours = self.is_math or self.only_groups(start, end)
        before = self.last
        inside = self.until(end)
        self.place = end + 1
        if not is_ours:
            return f"{{{inside}}}"
        return f" {inside}" if inside.startswith("http") and before[-1:].isalnum() else inside

    def only_groups(self, start: int, end: int) -> bool:
        """Whether `{...}` is TeX's: a command before or inside, a link, a letter glued behind (`{B}ERT`, `5{,}000`)."""
        previous = self.tokens[start - 1] if start else ""
        if end == start + 1:
            return not previous[-1:].isspace()
        inner = self.tokens[start + 1]
        if previous[:1] == "\\" or inner.startswith("http"):
            return True
        if end == start + 2 and inner[0] != "\\":
            return self._is_glued(inner, previous[-1:], self.tokens[end + 1][0] if end + 1 < len(self.tokens) else "")
        inside = self.tokens[start + 1 : min(end, start + 50)]
        return any(token[0] == "\\" and token[1:] not in ("{", "}", "_") for token in inside)

    def _is_glued(self, inner: str, before: str, after: str) -> bool:
        if inner.strip().isalpha() and (after.isalpha() or after == "-" != before):
            return True
        return after == "^" or (len(inner) == 1 and not inner.isalnum() and before.isalnum())

    def script(self, sign: str) -> str:
        if not self.is_math and not self.has_group():
            return sign
        return script(sign, self.argument())

    def text(self) -> str:
        """The run of text that comes next, "" where something else does."""
        token = self.tokens[self.place] if self.place < len(self.tokens) else ""
        return "" if not token or token[0] in "\\{}$^_" else token

    def skip_space(self) -> None:
        if self.text()[:1].isspace():
            self.keep(self.text().lstrip())

    def skip_space_before_group(self) -> None:
        if self.text().isspace() and self.place + 1 in self.closing:
            self.place += 1

    def keep(self, rest: str) -> None:
        """Of the run of text that comes next only `rest` is left to read."""
        if rest:
            self.tokens[self.place] = rest
        else:
            self.place += 1

    def has_group(self) -> bool:
        return self.place in self.closing

    def argument(self) -> str:
        """A group, a command with its own arguments, or a single character; "" where there is nothing to take."""
        self.skip_space()
        if self.has_group():
            return self.braced()
        run = self.text()
        if run:
            self.keep(run[1:])
            return run[0]
        if self.place < len(self.tokens) and self.tokens[self.place][0] == "\\":
            self.place += 1
            return self.command(self.tokens[self.place - 1][1:])
        return ""

    def braced(self) -> str:
        end = self.closing[self.place]
        self.place += 1
        inside = self.until(end)
        self.place = end + 1
        return inside

    def words(self) -> str:
        """An argument that is no formula, wherever it stands: `\\text{...}`."""
        was_math, self.is_math = self.is_math, False
        shown = self.argument()
        self.is_math = was_math
        return shown

    def verbatim(self) -> str:
        """A group's own characters: a link's address, a number."""
        self.skip_space()
        if not self.has_group():
            return ""
        start, end = self.place, self.closing[self.place]
        self.place = end + 1
        return "".join(self.tokens[start + 1 : end]).replace("\\", "")

    def option(self) -> str:
        """`[...]` right after a command, without its brackets."""
        found = _OPTION.match(self.text())
        if not found:
            return ""
        self.keep(self.text()[found.end() :])
        return found[0][1:-1]
