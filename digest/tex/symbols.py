"""What a command without an argument is in Unicode, and which characters stand above and below the line."""

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
    "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "varpi": "ϖ", "upmu": "μ",
    "textmu": "μ", "micro": "μ", "ohm": "Ω",
}  # fmt: skip
# Signs between two things: a space after one belongs to TeX, unless there is one before it, too.
BETWEEN = {
    "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "div": "÷", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "•",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "ll": "≪", "gg": "≫", "approx": "≈",
    "preceq": "⪯", "succeq": "⪰", "prec": "≺", "succ": "≻", "models": "⊨", "vDash": "⊨", "vdash": "⊢",
    "simeq": "≃", "cong": "≅", "equiv": "≡", "propto": "∝", "lesssim": "≲", "gtrsim": "≳", "leqslant": "≤",
    "geqslant": "≥", "triangleq": "≜", "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆",
    "subsetneq": "⊊", "supset": "⊃", "supseteq": "⊇", "sqsubseteq": "⊑", "cup": "∪", "cap": "∩", "setminus": "∖",
    "to": "→", "rightarrow": "→", "longrightarrow": "→", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔",
    "Rightarrow": "⇒", "implies": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⇔", "mapsto": "↦",
    "hookrightarrow": "↪", "nrightarrow": "↛", "rightleftharpoons": "⇌", "rightsquigarrow": "⇝", "leadsto": "⇝",
    "Longrightarrow": "⇒", "longleftrightarrow": "↔", "longmapsto": "↦",
    "otimes": "⊗", "oplus": "⊕", "ominus": "⊖", "odot": "⊙", "boxtimes": "⊠", "wedge": "∧", "land": "∧", "vee": "∨",
    "lor": "∨", "perp": "⊥", "parallel": "∥", "mid": "∣", "ltimes": "⋉", "rtimes": "⋊", "bigcup": "⋃", "bigcap": "⋂",
    "bigoplus": "⨁", "bigotimes": "⨂", "bowtie": "⋈", "sqcup": "⊔", "uplus": "⊎", "asymp": "≍", "doteq": "≐",
    "nsim": "≁", "lt": "<", "gt": ">", "coloneqq": ":=", "bmod": "mod", "mod": "mod",
}  # fmt: skip
# Signs before a thing: they lean on what follows.
BEFORE = {
    "langle": "⟨", "lfloor": "⌊", "lceil": "⌈", "lVert": "‖", "lvert": "|", "lbrace": "{", "lbrack": "[",
    "partial": "∂", "nabla": "∇", "neg": "¬", "lnot": "¬", "sqrt": "√",
}  # fmt: skip
ALONE = {
    "S": "§", "P": "¶", "top": "⊤", "bot": "⊥", "infty": "∞", "sum": "∑", "prod": "∏", "int": "∫", "oint": "∮",
    "iint": "∬", "forall": "∀", "exists": "∃", "nexists": "∄", "emptyset": "∅", "varnothing": "∅",
    "uparrow": "↑", "downarrow": "↓", "Uparrow": "⇑", "Downarrow": "⇓", "updownarrow": "↕", "nearrow": "↗",
    "searrow": "↘", "ldots": "…", "dots": "…", "dotsc": "…", "dotsb": "…", "textellipsis": "…", "cdots": "⋯",
    "vdots": "⋮", "ddots": "⋱", "ell": "ℓ", "hbar": "ℏ", "dagger": "†", "ddagger": "‡", "dag": "†", "ddag": "‡",
    "prime": "′", "degree": "°", "textdegree": "°", "rangle": "⟩", "rfloor": "⌋", "rceil": "⌉", "rVert": "‖",
    "Vert": "‖", "rvert": "|", "vert": "|", "rbrace": "}", "rbrack": "]", "backslash": "∖", "slash": "/", "colon": ":",
    "aleph": "ℵ", "Re": "ℜ", "Im": "ℑ", "square": "□", "Box": "□", "blacksquare": "■", "qed": "∎",
    "checkmark": "✓", "cmark": "✓", "xmark": "✗", "triangle": "△", "bigtriangleup": "△", "diamond": "⋄",
    "clubsuit": "♣", "diamondsuit": "♢", "heartsuit": "♡", "spadesuit": "♠", "bigstar": "★", "complement": "∁",
    "textregistered": "®", "circledR": "®", "texttrademark": "™", "textcopyright": "©", "copyright": "©",
    "pounds": "£", "textsterling": "£", "euro": "€", "texteuro": "€", "textyen": "¥", "yen": "¥", "textdollar": "$",
    "textpertenthousand": "‱", "textperthousand": "‰", "percent": "%", "textemdash": "—", "textendash": "–",
    "textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”",
    "textless": "<", "textgreater": ">", "textbar": "|", "textunderscore": "_", "textbullet": "•",
    "textperiodcentered": "·", "textasciicircum": "^", "textasciitilde": "~", "textbackslash": "\\", "item": "•",
    "quad": " ", "qquad": " ", "space": " ", "par": " ", "newline": " ", "bigskip": " ", "medskip": " ",
    "smallskip": " ", "thinspace": " ", "linebreak": " ", "and": "and", "TeX": "TeX", "LaTeX": "LaTeX",
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "iid": "i.i.d.", "wrt": "w.r.t.", "vs": "vs.",
    "R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ", "E": "𝔼", "Real": "ℝ", "imath": "ı", "jmath": "ȷ",
}  # fmt: skip
# Words in upright letters: they need a space where they would run into a letter.
WORDS = frozenset((
    "log", "ln", "lg", "exp", "min", "max", "sup", "inf", "lim", "limsup", "liminf", "sin", "cos", "tan", "cot",
    "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arg", "argmin", "argmax", "det", "dim", "ker", "gcd",
    "Pr", "hom", "sec", "csc",
))  # fmt: skip
SIGNS = GREEK | BETWEEN | BEFORE | ALONE | {word: word for word in WORDS}
# Typefaces, sizes and room: nothing to a reader. What changes only the size of a bracket counts as one, too.
NOTHING = frozenset((
    "bf", "rm", "it", "em", "tt", "sc", "sf", "sl", "cal", "bfseries", "itshape", "ttfamily", "scshape",
    "sffamily", "rmfamily", "normalfont", "upshape", "mdseries", "tiny", "scriptsize", "footnotesize", "small",
    "normalsize", "large", "Large", "LARGE", "huge", "Huge", "left", "right", "middle", "big", "Big", "bigg",
    "Bigg", "bigl", "bigr", "bigm", "Bigl", "Bigr", "Bigm", "biggl", "biggr", "Biggl", "Biggr", "displaystyle",
    "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits", "noindent", "indent", "centering",
    "protect", "xspace", "nobreak", "allowbreak", "ignorespaces", "relax", "maketitle", "clearpage", "newpage",
    "smash", "strut", "mathstrut", "null", "unskip", "faGithub", "nonumber", "notag", "boldmath", "unboldmath",
    "raggedright", "hfill", "vfill",
))  # fmt: skip
OVER = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "Bar": "\u0304",
    "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "check": "\u030c", "breve": "\u0306",
    "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip
BLACKBOARD = dict(zip("CHNPQRZEFKDB1", "ℂℍℕℙℚℝℤ𝔼𝔽𝕂𝔻𝔹𝟙", strict=True))
DINGBATS = {"51": "✓", "52": "✔", "53": "✕", "54": "✖", "55": "✗", "56": "✘", "72": "★", "73": "☆"}
_SAME = "*′″°†‡®™"
ABOVE = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδθ⊤∗⋆∘" + _SAME,
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿᵀ**°" + _SAME,
        strict=True,
    )
)
BELOW = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
