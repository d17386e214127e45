import gzip
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.templatetags.papers import byline
from digest.tex import readable
from digest.tex.traces import traces


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"a learning rate of $10^{-3}$", "a learning rate of 10⁻³"),
        (r"$\beta$-VAE and $\tau^2$-bench", "β-VAE and τ²-bench"),
        (r"H$_2$O", "H₂O"),
        (r"$x_{i+1}^{2}$", "xᵢ₊₁²"),
        (r"$x_{max}$ and $T_{\max}$", "x_max and T_max"),
        (r"$\mathbb{F}_{q^N}$, $\ell_{2,p}$", "𝔽_(qᴺ), ℓ_(2,p)"),
        (r"$\mathcal{O}(n \log n)$, $O(n\log n)$", "O(n log n), O(n log n)"),
        (r"$\tilde{O}(\sqrt{T})$", "Õ(√T)"),
        (r"$\frac{1}{2}$ of $\mathbb{R}^d$, $\frac1{2k}$", "1/2 of ℝᵈ, 1/(2k)"),
        (r"$\sqrt[3]{n+1}$, $\binom{n}{2}$", "∛(n+1), (n choose 2)"),
        (r"$\{1, \dots, n\}$", "{1, …, n}"),
        (r"$90^\circ$, $25^{\circ}C$, 360{\deg}", "90°, 25°C, 360°"),
        (r"up to $\sim$19.1\% at 95$\%$", "up to ~19.1% at 95%"),
        (r"$a \le b$ and $a\le b$", "a ≤ b and a≤b"),
        (r"$a\not=b$, $x\not\in S$", "a≠b, x∉S"),
        (r"$\left(\frac{a}{b}\right)^{\top}$", "(a/b)ᵀ"),
        (r"2.5 $\mu m$, $\mum$", "2.5 μm, μm"),
        (r"\(x^2\) and \[ y_i \] too", "x² and yᵢ too"),
        (r"\textbf{10$\times$} faster, \emph{really}", "10× faster, really"),
        (r"$\textbf{\color{red}D}$iffusion", "Diffusion"),
        (r"\href{https://example.org/a_b}{our page}", "our page"),
        (
            r"\href{https://example.org/a_b} and \url{https://example.org/~x}",
            "https://example.org/a_b and https://example.org/~x",
        ),
        (r"as shown \cite{a}, by \citet{b} (see \cite{c}; \cite{d}).", "as shown, by […]."),
        (r"open code\footnote{\url{https://example.org}}.", "open code (https://example.org)."),
        (r"\textcolor{red}{Warning:} \replaced{new}{old}\deleted{gone}", "Warning: new"),
        (
            r"we propose \method, and \ours{} wins. \ToolNet is",
            "we propose our method, and our method wins. ToolNet is",
        ),
        (r"unknown \foo{argument} stays", "unknown argument stays"),
        (r"\begin{itemize}\item one \item two\end{itemize}", "• one • two"),
        (r"entropy$\unicode{x2013}$an idea", "entropy–an idea"),
        (r"\b{eta}-VAE with \r{ho} = 1", "β-VAE with ρ = 1"),
        (r"{B}ERT, pro{A}ctive, 5{,}000, {\bf bold}", "BERT, proActive, 5,000, bold"),
        (r"Andr\'e, Erd\H{o}s, Ho\v{r}ava, \c{C}a, G\"{o}del, \O rsted", "André, Erdős, Hořava, Ça, Gödel, Ørsted"),
        (r"na\"{\i}ve, Mus{é}e, {\L}uk, \.Istanbul", "naïve, Musée, Łuk, İstanbul"),
        (r"a~b --- ``quoted'' pages 1--2", "a b — “quoted” pages 1–2"),
        ("termed ''so'', and \"so''", 'termed “so”, and "so"'),
        (r"pre-proce\-ssed, e.g.\ rain, Q\&A", "pre-processed, e.g. rain, Q&A"),
        ("6.2% &#177; 2%, R&amp;D", "6.2% ± 2%, R&D"),
        (r"a truncated \footnote{note", "a truncated note"),
        (r"$\{a$, $b\}$ and $88\%$ of T$^{3}$", "{a, b} and 88% of T³"),
    ],
)
def test_what_tex_means_is_said_plainly(typed: str, shown: str) -> None:
    assert readable(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "It costs $5 or $10, at most $200K.",
        "US$ 3 million, A$4, $100k/$1M and the $ sign",
        'a {brace}, {1, 2}, {"key": "value"} and f(x) = {x | x > 0}',
        "plain text with a _ and a ^ and 100 % of it, snake_case and 2^10",
        "C:\\dir\\file and \\\\server\\share\\file",
        r"\d{4}-\d{2}\w+\s* and \n\n",
        "run `git commit --amend` or https://example.org/~a--b",
        "1~4 steps, 23.4~27.8×, ~5%, 14M~350M",
        "it's 5' 10'' tall, rock 'n' roll",
        "a rule ----- of dashes, Q&A; R&D",
        "",
    ],
)
def test_what_is_no_tex_stays_as_it_was(typed: str) -> None:
    assert readable(typed) == typed


def test_quotation_marks_of_code_lose_only_their_backslash() -> None:
    assert readable(r"He said \"hello\" to us") == 'He said "hello" to us'


PIECES = st.sampled_from(
    [
        "\\", "$", "$$", "{", "}", "^", "_", "\\{", "\\}", "\\$", "\\%", "a", "x1",
        "(", ")", "[", "]", "~", "--", "`", "''", "``",
        "\\(", "\\)", "\\[", "\\]", "\\frac", "\\sqrt", "\\alpha", "\\cite", "\\foo", "\\href", "\\text", "\\not",
        "\\sim",
        '\\"', "\\'", "\\v", "\\unicode", "\\verb|", "&amp;", "&lt", " ", "\n", "é", "C:\\t", "5", "http://x",
    ]
)  # fmt: skip


@given(st.text(alphabet="$\\{}^_ab1-'`\"~ (),é&;#", max_size=200) | st.lists(PIECES, max_size=60).map("".join))
@example("\\$\\alpha\\$")
@example("\\textbackslash alpha")
@example("\\unicode{x5c}alpha")
def test_any_text_is_read_without_an_error_and_reading_it_again_changes_nothing(typed: str) -> None:
    shown = readable(typed)
    assert readable(shown) == shown


@given(st.text(max_size=200).filter(lambda text: not set(text) & set("\\${}~`'-&")))
def test_text_without_a_sign_of_tex_is_never_touched(typed: str) -> None:
    assert readable(typed) == typed


FAMILIES = [
    "$", "\\mathbf{", "{", "}", "{}", "\\(", "$a", "\\'{", "\\frac", "\\hat", "x^", "x_{", "\\cite{a} ", "(\\cite{a}",
    " ~",    "''", '"', "&amp;", "\\\\", "C:\\", "\\verb|", "[", "\\foo[", "\\$", "{a}", "\\footnote{", "`--", "$1 a$",
    "\\b{", "\t",
]  # fmt: skip


@pytest.mark.parametrize("piece", FAMILIES)
def test_time_grows_with_the_length_alone(piece: str) -> None:
    """Four times the text takes four times the time, with room for a busy machine; a quadratic step would take 16."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        taken = []
        for _ in range(2):
            started = time.process_time()
            readable(text)
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(48_000) < 8 * max(seconds(12_000), 0.004)


def recorded(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        yield from (json.loads(line) for line in islice(lines, 0, None, 40))


@pytest.mark.shared_data
def test_hardly_a_real_paper_shows_tex(shared_data: Path) -> None:
    papers = list(recorded(shared_data / "eval/arxiv.jsonl.gz"))
    shown = [(readable(paper["title"]), readable(paper["abstract"])) for paper in papers]
    assert sum(bool(traces(paper["abstract"])) for paper in papers) > len(papers) / 10
    assert [title for title, _ in shown if traces(title)] == []
    assert sum(bool(traces(abstract)) for _, abstract in shown) < len(papers) / 200
    assert all(readable(text) == text for pair in shown for text in pair)


@pytest.mark.shared_data
def test_papers_chosen_for_their_tex_become_readable(shared_data: Path) -> None:
    lines = (shared_data / "feeds/nasty_300.jsonl").read_text().splitlines()
    papers = [json.loads(line) for line in lines if line.strip()]
    assert sum(bool(traces(paper["title"])) for paper in papers) > 200
    assert not any(traces(readable(paper["title"])) for paper in papers)
    assert sum(bool(traces(readable(paper["abstract"]))) for paper in papers) <= 1


def test_a_byline_names_a_few_and_counts_the_rest() -> None:
    assert byline([]) == ""
    assert byline(["Ada"]) == "Ada"
    assert byline(["Ada", "Bob"]) == "Ada and Bob"
    assert byline(["Ada", "Bob", "Cleo"]) == "Ada, Bob and Cleo"
    names = [f"Author {number}" for number in range(3303)]
    assert byline(names).endswith("Author 5 and 3,297 others")
    assert byline(names[:7]).endswith("Author 5 and Author 6"), "one more name is as short as “1 other”"
