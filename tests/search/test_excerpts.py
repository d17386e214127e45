"""The part of an abstract that is shown, and what is marked in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.ranking.words import compared
from digest.search import excerpts


def shown(pieces: list[excerpts.Piece]) -> str:
    return "".join(f"[{piece.text}]" if piece.is_match else piece.text for piece in pieces)


def test_every_form_of_a_word_is_marked() -> None:
    assert shown(excerpts.marked(r"Schr\"odinger's Robots", ["schrodinger", "robot"])) == "[Schrödinger]'s [Robots]"


def test_a_short_text_is_shown_whole() -> None:
    assert shown(excerpts.excerpt("One robot.", ["robot"])) == "One [robot]."


def test_of_a_long_text_the_part_with_most_of_the_words() -> None:
    text = f"Robots first. {'Other words follow. ' * 60}Then robots learn rewards. {'And more. ' * 60}"
    found = shown(excerpts.excerpt(text, ["robot", "reward", "learn"]))
    assert "Then [robots] [learn] [rewards]." in found
    assert found.startswith("… ")
    assert found.endswith(" …")
    assert len(found.split()) < 70


@given(st.text(max_size=300), st.lists(st.text(max_size=5), max_size=4))
def test_an_excerpt_of_any_text_is_a_part_of_it_and_no_more_is_marked(text: str, words: list[str]) -> None:
    whole = "".join(piece.text for piece in excerpts.marked(text * 5, words))
    pieces = excerpts.excerpt(text * 5, words)
    assert "".join(piece.text for piece in pieces if piece.text not in ("… ", " …")) in whole
    assert {compared(piece.text) for piece in pieces if piece.is_match} <= set(words)
