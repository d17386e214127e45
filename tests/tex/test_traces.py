import pytest

from digest.tex.traces import KINDS, traces


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (r"a \foo b", "command"),
        ("a \\\\ b", "backslash"),
        ("a formula $x", "dollar"),
        ("x_{i}", "script"),
        ("{B}ERT", "grouping"),
        ("``quoted", "quotes"),
        ("Fig.~3", "tie"),
        ("pages 1--2", "dashes"),
        ("R&amp;D", "entity"),
        ("open { only", "brackets"),
    ],
)
def test_each_kind_of_trace_is_found(shown: str, kind: str) -> None:
    assert kind in KINDS
    assert kind in traces(shown)


@pytest.mark.parametrize(
    "shown",
    [
        "It costs $5 or $10; ~5%, 1~4 steps, {1, 2}, x_max, 10^(a/b), a_b",
        "C:\\temp\\file, https://example.org/~a--b, Q&A; and 5' 10'' tall",
        "“quotes” — and – dashes ----- √(n+1)",
    ],
)
def test_what_reads_well_is_no_trace(shown: str) -> None:
    assert traces(shown) == {}
