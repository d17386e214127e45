"""The words of a digest fit where they go, whatever authors and editors typed."""

from __future__ import annotations

import pytest
from django.utils.html import escape
from hypothesis import example, given
from hypothesis import strategies as st

from digest.rendering import words

texts = st.text(max_size=500)


@given(texts, st.integers(20, 300))
@example("&" * 400, 50)
@example("漢字。" * 100, 60)
@example("word " * 100, 60)
def test_a_shortened_text_keeps_its_limit_in_escaped_bytes(text: str, limit: int) -> None:
    text = words.one_line(text)
    short = words.shorten(text, limit)
    assert len(escape(short).encode()) <= limit
    assert short == text or short.endswith("…")


def test_a_text_is_cut_after_a_sentence_where_that_keeps_half_of_the_room() -> None:
    assert words.shorten("One two three four. Five six seven eight nine ten.", 40) == "One two three four. …"
    assert (
        words.shorten("One. Two three four five six seven eight nine ten.", 40) == "One. Two three four five six seven…"
    )


def test_a_text_without_spaces_is_still_cut() -> None:
    assert words.clip("x" * 100, 10) == "x" * 9 + "…"


@given(st.text(max_size=300), st.integers(1, 30))
@example("\u200b", 2)
def test_a_subject_is_one_line_of_at_most_78_characters(title: str, count: int) -> None:
    subject = words.subject(words.heading(title), count)
    assert len(subject) <= 78
    assert subject == words.one_line(subject)


def test_a_subject_names_the_leading_paper_and_how_many_more() -> None:
    assert words.subject("Fingers That Listen", 10) == "Fingers That Listen and 9 more"
    assert words.subject("Fingers That Listen", 1) == "Fingers That Listen"


def test_a_long_title_loses_its_subtitle_before_its_words() -> None:
    title = "Fingers That Listen: Tactile Policies Learned From the Sound of Contact"
    assert words.subject(title, 10) == "Fingers That Listen and 9 more"
    assert words.subject("A" * 50 + " " + "B" * 60, 2) == "A" * 50 + "… and 1 more"


@given(st.lists(st.text(min_size=1, max_size=200), max_size=2), st.text(max_size=300))
@example(["A", "B"], "")
@example([], "A short one.")
def test_a_preheader_has_forty_to_a_hundred_and_ten_characters(titles: list[str], opening: str) -> None:
    shorts = [words.short_title(words.one_line(title)) for title in titles]
    line = words.preheader(shorts, len(titles) + 1, words.clip(words.one_line(opening), 160))
    assert 40 <= len(line) <= 110


@pytest.mark.parametrize(
    ("authors", "shown"),
    [
        ([], ""),
        (["Ada"], "Ada"),
        (["Ada", "Ben"], "Ada and Ben"),
        (["Ada", "Ben", "Cy", "Di"], "Ada, Ben, Cy and Di"),
        (["Ada", "Ben", "Cy", "Di", "Ed"], "Ada, Ben … Ed and 2 more"),
        ([f"Author {number}" for number in range(3303)], "Author 0, Author 1 … Author 3302 and 3,300 more"),
        (["Ada\r\nBcc: x@y.z"], "Ada Bcc: x@y.z"),
        (["P\\'al V\\\"or\\\"osv\\'ary"], "Pál Vörösváry"),
    ],
)
def test_bylines(authors: list[str], shown: str) -> None:
    assert words.byline(authors) == shown


@pytest.mark.parametrize(
    ("followed", "shown"),
    [
        (["Cy Twombly"], "Ada, Ben … Cy Twombly … Fay and 2 more"),
        (["twombly cy", "unknown"], "Ada, Ben … Cy Twombly … Fay and 2 more"),
        (["Ada", "Fay"], "Ada, Ben … Fay and 3 more"),
        (["Cy Twombly", "Élodie", "Di"], "Ada, Ben … Cy Twombly … Di … Elodie … Fay"),
    ],
)
def test_whom_a_reader_follows_is_named_wherever_they_stand(followed: list[str], shown: str) -> None:
    assert words.byline(["Ada", "Ben", "Cy Twombly", "Di", "Elodie", "Fay"], followed) == shown


@pytest.mark.parametrize(
    ("given_url", "shown"),
    [
        ("https://arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("http://arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("javascript:alert(1)", ""),
        ("JaVa\nScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org/x", ""),
        ("https://[broken", ""),
        ("https://", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(given_url: str, shown: str) -> None:
    assert words.web_url(given_url) == shown


@pytest.mark.parametrize(
    ("count", "minutes", "topics", "shown"),
    [
        (1, 1, (), "1 paper, about a minute, from all topics"),
        (10, 4, ("Robotics",), "10 papers, about 4 minutes, chosen for Robotics"),
        (10, 4, ("A", "B", "C", "D", "E"), "10 papers, about 4 minutes, chosen for A, B, C, D and E"),
        (10, 9, ("A", "B", "C", "D", "E", "F"), "10 papers, about 9 minutes, chosen for A, B, C, D and 2 other topics"),
    ],
)
def test_the_line_under_the_name_says_what_was_asked_for_and_how_long_it_takes(
    count: int, minutes: int, topics: tuple[str, ...], shown: str
) -> None:
    assert words.chosen_line(count, topics, minutes=minutes) == shown
