import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.templatetags.papers import byline
from digest.tex import readable


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"a learning rate of $10^{-3}$", "a learning rate of 10⁻³"),
        (r"$\beta$-VAE and $\tau^2$-bench", "β-VAE and τ²-bench"),
        (r"H$_2$O", "H₂O"),
        (r"$x_{i+1}^{2}$", "xᵢ₊₁²"),
        (r"$\mathcal{O}(n \log n)$", "O(n log n)"),
        (r"$\tilde{O}(\sqrt{T})$", "Õ(√T)"),
        (r"$\frac{1}{2}$ of $\mathbb{R}^d$", "1/2 of ℝᵈ"),
        (r"$\{1, \dots, n\}$", "{1, …, n}"),
        (r"$90^\circ$", "90°"),
        (r"up to $\sim$19.1\% at 95$\%$", "up to ~19.1% at 95%"),
        (r"\textbf{10$\times$} faster, \emph{really}", "10× faster, really"),
        (r"\href{https://example.org/a_b}{our page}", "our page"),
        (r"Andr\'e, Erd\H{o}s, Ho\v{r}ava, \c{C}a, G\"{o}del, \O rsted", "André, Erdős, Hořava, Ça, Gödel, Ørsted"),
        (r"a~b --- ``quoted'' pages 1--2", "a b — “quoted” pages 1–2"),
        (r"pre-proce\-ssed", "pre-processed"),
    ],
)
def test_what_unicode_can_say_is_said_plainly(typed: str, shown: str) -> None:
    assert readable(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "It costs $5 or $10, at most $200K.",
        "a {brace} and a \\name of one's own",
        "plain text with a _ and a ^ and 100 % of it",
        r"$\frac{d}{dt} \oint_{\gamma} f$",
        "C:\\dir\\file",
        "",
    ],
)
def test_what_is_not_simple_tex_stays_as_it_was(typed: str) -> None:
    assert readable(typed) == typed


@given(st.text(alphabet="$\\{}^_ab1-'`\"~ (),é", max_size=200))
def test_any_text_is_read_without_an_error(typed: str) -> None:
    assert isinstance(readable(typed), str)


@pytest.mark.parametrize(
    "typed", ["$" * 50_000, "\\mathbf{" * 10_000, "{" * 50_000, "\\(" * 25_000, "$a" * 25_000, "\\'{" * 20_000]
)
def test_hostile_text_takes_no_long_time(typed: str) -> None:
    started = time.perf_counter()
    readable(typed)
    assert time.perf_counter() - started < 2


@pytest.mark.shared_data
def test_most_formulae_of_real_papers_become_readable(shared_data: Path) -> None:
    lines = (shared_data / "feeds/nasty_300.jsonl").read_text().splitlines()
    papers = [json.loads(line) for line in lines if line.strip()]
    with_tex = [paper for paper in papers if "$" in paper["title"] + paper["abstract"]]
    left = [paper for paper in with_tex if "$" in readable(paper["title"]) + readable(paper["abstract"])]
    assert len(with_tex) > 50
    assert len(left) < len(with_tex) / 4


def test_a_byline_names_a_few_and_counts_the_rest() -> None:
    assert byline([]) == ""
    assert byline(["Ada"]) == "Ada"
    assert byline(["Ada", "Bob"]) == "Ada and Bob"
    assert byline(["Ada", "Bob", "Cleo"]) == "Ada, Bob and Cleo"
    names = [f"Author {number}" for number in range(3303)]
    assert byline(names).endswith("Author 5 and 3,297 others")
    assert byline(names[:7]).endswith("Author 5 and Author 6"), "one more name is as short as “1 other”"
