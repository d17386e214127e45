"""Untrusted text becomes plain text: nothing dangerous stays, nothing of the science goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import tex
from digest.sources import text


def test_mathematics_with_less_than_signs_survives_the_removal_of_markup():
    shown = text.from_markup("<p>For $a<b$ and $x < y$, <i>we</i> show $2.6&lt;\\eta&lt;4$.</p>")
    assert text.line(shown, 1000) == "For $a<b$ and $x < y$, we show $2.6<\\eta<4$."


def test_unknown_tags_are_words_not_markup():
    assert text.from_markup("Let's <think> about it &amp; more") == "Let's <think> about it & more"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ('<amg src="http://x.example/i.jpg" onsubmit="go()">safe', "safe"),
        ("strong &amp;</3trong>", "strong &"),
        ("with all my </3 to you", "with all my </3 to you"),
        ("<think>a</think> and $n <k = 3$", "<think>a</think> and $n <k = 3$"),
    ],
)
def test_a_name_that_nobody_knows_is_markup_where_a_browser_would_act_on_it(sent: str, shown: str) -> None:
    assert text.from_markup(sent) == shown


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>safe",
        "<SCRIPT SRC=//evil></SCRIPT>safe",
        "<style>*{x:y}</style>safe",
        "<!-- hidden -->safe",
        "<img src=x onerror=alert(1)>safe",
        "&lt;script&gt;alert(1)&lt;/script&gt;safe",
        "<iframe src='javascript:alert(1)'></iframe>safe",
        "sa\x00fe",
        "sa\u202efe",
        "sa\ud800fe",
        "<p>safe</p>",
        "&lt;p&gt;safe&lt;/p&gt;",
        "&amp;lt;!-- quoted in an article about markup --&amp;gt;safe",
        "&amp;lt;b&amp;gt;safe",
        "<&#8203;b>safe",
    ],
)
def test_markup_scripts_and_invisible_characters_are_gone(hostile):
    assert text.line(text.from_markup(hostile), 1000) == "safe"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("&amp;amp;lt;b&amp;amp;gt;bold", "< b>bold"),
        ("&amp;amp;lt;!-- a --&amp;amp;gt; b", "< !-- a --> b"),
        ("damaged</|i&gu; b > c", "damaged< /|i&gu; b > c"),
        ("<!3> x", "< !3> x"),
        ("<un'known a=1 onclick=b>c", "< un'known a=1 onclick=b>c"),
        ("a </3 b", "a </3 b"),
    ],
)
def test_what_looks_like_markup_after_all_is_none_for_a_browser(sent, shown):
    assert text.from_markup(sent) == shown


def test_blocks_do_not_glue_words_together():
    assert text.paragraphs(text.from_markup("<p>one</p><p>two<br/>three</p>"), 100) == "one\n\ntwo\n\nthree"


def test_hard_wrapped_lines_become_paragraphs():
    assert text.paragraphs("one\ntwo\n\n  three\r\nfour\r\n", 100) == "one two\n\nthree four"


def test_a_long_text_is_cut_with_an_ellipsis():
    assert text.line("x" * 20, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVa\nScript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org/x",
        "/relative",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org/a b",
        "https://example.org:port/",
        "https://[::1/",
        "https://example.org/" + "x" * 2000,
        "",
    ],
)
def test_only_plain_web_addresses_are_links(address):
    assert text.link(address, 1000) == ""


def test_a_link_is_measured_as_it_will_be_stored():
    """What is encoded grows to three characters."""
    start = "https://example.org/"
    assert len(text.link(start + "|" * 60, 200)) == 200
    assert text.link(start + "|" * 61, 200) == ""


def test_a_link_cannot_leave_its_attribute():
    assert text.link("""https://example.org/"onclick='x'<b>""", 1000) == "https://example.org/%22onclick=%27x%27%3Cb%3E"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"Andr\'e", "André"),
        (r"Andr\'{e}", "André"),
        (r"{\'E}mile", "Émile"),
        (r"Sch\"{o}n", "Schön"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Milan \v{S}ulc", "Milan Šulc"),
        (r"Fran\c{c}ois", "François"),
        (r"Fran\c cois", "François"),
        (r"{\L}ukasz", "Łukasz"),
        (r"J{\o}rgen", "Jørgen"),
        (r"J\o rgen", "Jørgen"),
        (r"Gau{\ss}", "Gauß"),
        (r"Mart\'{\i}n", "Martín"),
        (r"Nguy\~ên", "Nguyễn"),
        (r"Dvo\v{r}\'ak", "Dvořák"),
        ("J.~Smith", "J. Smith"),
        ("Plain Name", "Plain Name"),
    ],
)
def test_tex_accents_in_names_become_letters(written, meant):
    assert tex.plain_name(written) == meant


@given(st.text(max_size=300))
def test_any_text_comes_out_storable_and_within_bounds(value):
    for shown in (text.line(text.from_markup(value), 50), text.paragraphs(value, 50), tex.plain_name(value)):
        assert len(shown) <= 300 * 3
        assert "\x00" not in text.line(shown, 50)
    text.line(text.from_markup(value), 50).encode()


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(value):
    once = text.paragraphs(value, 100)
    assert text.paragraphs(once, 100) == once


@given(st.text(max_size=60).map(lambda rest: f"https://example.org/{rest}"))
def test_whatever_follows_a_link_is_one_unbroken_attribute(address):
    assert not set(text.link(address, 1000)) & set("\"'<> \n\t\\")
