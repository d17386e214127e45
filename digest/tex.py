r"""Takes a title or an abstract as authors typed it, gives it without the TeX: "$10^{-3}$" becomes "10⁻³".

Only what plain Unicode can say is changed; a formula it cannot say stays a formula, with its dollars.
"""

import re
import unicodedata

_COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
_DOTLESS = {"ı": "i", "ȷ": "j"}
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_SYMBOLS = {
    **_GREEK,
    "S": "§", "P": "¶",
    "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "div": "÷", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "•",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "ll": "≪", "gg": "≫", "approx": "≈",
    "sim": "~", "preceq": "⪯", "succeq": "⪰", "prec": "≺", "succ": "≻", "top": "⊤", "bot": "⊥", "models": "⊨",
    "simeq": "≃", "equiv": "≡", "propto": "∝", "lesssim": "≲", "gtrsim": "≳", "leqslant": "≤", "geqslant": "≥",
    "infty": "∞", "partial": "∂", "nabla": "∇", "sum": "∑", "prod": "∏", "int": "∫", "forall": "∀", "exists": "∃",
    "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩", "emptyset": "∅", "setminus": "∖",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "Leftrightarrow": "⇔",
    "mapsto": "↦", "uparrow": "↑", "downarrow": "↓", "ldots": "…", "dots": "…", "cdots": "⋯", "ell": "ℓ", "hbar": "ℏ",
    "otimes": "⊗", "oplus": "⊕", "wedge": "∧", "vee": "∨", "neg": "¬", "perp": "⊥", "parallel": "∥", "mid": "∣",
    "dagger": "†", "prime": "′", "degree": "°", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
    "lceil": "⌈", "rceil": "⌉", "quad": " ", "qquad": " ", "textdegree": "°",
    "textbackslash": "\\", "textasciitilde": "~", "bf": "", "rm": "", "it": "", "em": "", "tt": "", "sc": "", "cal": "",
    "small": "",
    "log": "log", "ln": "ln", "exp": "exp", "min": "min", "max": "max", "sup": "sup", "inf": "inf", "lim": "lim",
    "sin": "sin", "cos": "cos", "tan": "tan", "arg": "arg", "det": "det", "dim": "dim", "ker": "ker", "gcd": "gcd",
    "Pr": "Pr", "left": "", "right": "", "big": "", "Big": "", "displaystyle": "", "textstyle": "", "limits": "",
    "aleph": "ℵ", "Re": "ℜ", "Im": "ℑ", "square": "□", "checkmark": "✓", "lbrace": "⦃", "rbrace": "⦄", "vert": "|",
}  # fmt: skip
_OVER = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "dot": "\u0307",
}
_BLACKBOARD = dict(zip("CHNPQRZEF", "ℂℍℕℙℚℝℤ𝔼𝔽", strict=True))
_SUPERSCRIPT = dict(
    zip("0123456789+-=()nabcdefghijklmoprstuvwxyz*′∗", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ*′*", strict=True)
)
_SUBSCRIPT = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))

_OPENING = set("⟨⌊⌈⦃∂∇√") | {""}

_HAS_TEX = re.compile(r"[$\\~]|--|``|\{")
# A dollar before an amount opens no formula: "$5 or $10" and "$200K" are money.
_MATH = re.compile(
    r"\$\$([^$]{1,400})\$\$|(?<!\\)\$(?!\d[\d,.]*(?:\s+[A-Za-z(]|[KMBkmb)]))([^$]{1,400})(?<!\\)\$|\\\((.{1,400}?)\\\)"
)
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|dj|DJ|[oOlLij])(?:\{\}|(?![a-zA-Z])[ ]?)")
# Symbols take the next letter, bare or in braces; letters need braces, a space or a backslash first: \v{s}, \c c.
_ACCENT = re.compile(r"""\\(?:(['`^"~=.])\s*|([uvHckrdb])(?=[{\s\\])\s*)(?:\{\s*([^\W\d_])\s*\}|([^\W\d_]))""")
_WRAPPER = re.compile(
    r"\\(?:emph|underline|uline|mbox|hbox|url|boldsymbol|bm|operatorname|mathop|ensuremath|bf|rm|it|textsuperscript"
    r"|text(?:bf|it|tt|sc|sf|rm|normal)?|math(?:rm|bf|it|sf|tt|cal|scr|frak))(?:\s*\{([^{}]*)\}|\s+([A-Za-z0-9])\b)"
)
_LINK = re.compile(r"\\href\s*\{[^{}]*\}\s*\{([^{}]*)\}")
_BLACKBOARD_LETTER = re.compile(r"\\mathbb\s*(?:\{([A-Z])\}|([A-Z]))")
_OVER_LETTER = re.compile(
    r"\\(hat|widehat|tilde|widetilde|bar|dot)(?![A-Za-z])\s*(?:\{([A-Za-z])\}|([A-Za-z])(?![A-Za-z]))"
)
_MODULO = re.compile(r"\\pmod\s*\{?(\w+)\}?")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]+)\}")
_SCRIPT = re.compile(r"([\^_])\s*(?:\{([^{}]*)\}|([^\s{}\\^_]))")
_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\{\})?( (?![A-Za-z]))?")
_SPACING = re.compile(r"\\[,;:! ]")
_ESCAPED = re.compile(r"\\([%&_#$])")
_GROUP = re.compile(r"\{([^{}\\$]{0,200})\}")
_LEFT_OVER = re.compile(r"[\^_]\{|\{[^{}]*$|^[^{}]*\}")


def readable(text: str) -> str:
    """The text with accents, symbols, simple formulae and typographic quotes and dashes written out."""
    if not _HAS_TEX.search(text):
        return text
    text = _unwrap(text)
    parts, end = [], 0
    for match in _MATH.finditer(text):
        parts += [_prose(text[end : match.start()]), _formula(match)]
        end = match.end()
    return "".join([*parts, _prose(text[end:])])


def plain_name(name: str) -> str:
    r"""`Andr\'e`, `Sch\"{o}n`, `Erd\H{o}s`, `{\L}ukasz` as Unicode; braces that only grouped are gone."""
    if "\\" not in name and "{" not in name and "~" not in name:
        return name
    return with_letters(name).replace("{", "").replace("}", "").replace("~", " ")


def with_letters(text: str) -> str:
    """Accented and special letters as Unicode; every other command, and the braces, as they are."""
    if "\\" not in text:
        return text
    text = _LETTER.sub(lambda match: _LETTERS[match[1]], text)
    for _ in range(2):  # twice, for an accent on an accented letter
        text = _ACCENT.sub(_accented, text)
    return text


def _prose(text: str) -> str:
    text = with_letters(text).replace("\\-", "").replace("\\,", " ")
    text = _ESCAPED.sub(r"\1", _COMMAND.sub(_known, text))
    text = text.replace("``", "“").replace("''", "”").replace("---", "—").replace("--", "–")
    return re.sub(r"(?<=\S)~(?=\S)", " ", text)


def _formula(match: re.Match[str]) -> str:
    """A formula in Unicode; as it was, where anything of it is left that only TeX can say."""
    plain = match[1] or match[2] or match[3]
    plain = _BLACKBOARD_LETTER.sub(lambda found: _BLACKBOARD.get(found[1] or found[2], found[1] or found[2]), plain)
    plain = _OVER_LETTER.sub(
        lambda found: unicodedata.normalize("NFC", (found[2] or found[3]) + _OVER[found[1]]), plain
    )
    plain = _unwrap(_SPACING.sub(" ", plain).replace(r"\{", r"\lbrace ").replace(r"\}", r"\rbrace "))
    plain = _ESCAPED.sub(r"\1", _COMMAND.sub(_known, _MODULO.sub(r"(mod \1)", plain)))
    for _ in range(3):  # scripts in fractions in roots: three levels is more than anyone reads in an abstract
        plain = _SCRIPT.sub(_script, plain)
        plain = _FRACTION.sub(lambda parts: f"{_grouped(parts[1])}/{_grouped(parts[2])}", plain)
        plain = _ROOT.sub(lambda root: f"√{_grouped(root[1])}", plain)
    plain = _GROUP.sub(r"\1", plain).replace("⦃", "{").replace("⦄", "}")
    if "\\" in plain or _LEFT_OVER.search(plain):
        return match[0]
    return re.sub(r"\s+", " ", plain).strip()


def _unwrap(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    for _ in range(3):
        text = _WRAPPER.sub(lambda match: match[1] if match[1] is not None else match[2], text)
    return text


def _known(match: re.Match[str]) -> str:
    symbol = _SYMBOLS.get(match[1])
    if symbol is None:
        return match[0]
    return symbol if symbol in _OPENING else symbol + (match[2] or "")


def _script(match: re.Match[str]) -> str:
    content = match[2] if match[2] is not None else match[3]
    if match[1] == "^" and content in ("∘", "°"):
        return "°"
    table = _SUPERSCRIPT if match[1] == "^" else _SUBSCRIPT
    if content and all(character in table for character in content):
        return "".join(table[character] for character in content)
    return f"{match[1]}{_grouped(content)}"


def _grouped(content: str) -> str:
    content = content.strip()
    return content if re.fullmatch(r"[\w.∞′*ℓ]*", content) else f"({content})"


def _accented(match: re.Match[str]) -> str:
    letter = match[3] or match[4]
    return unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _COMBINING[match[1] or match[2]])
