"""Encoded pieces may be joined in any order, and no line of theirs needs dot-stuffing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.rendering import quoted

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)


@given(st.lists(texts, max_size=6))
@example(["a" * 75, ".b", "From c", "é" * 40])
@example(["x" * 74 + "é", "=", " ", "\t\n", "line \n"])
@example(["." * 200, "\n.\n", "From \n"])
def test_joined_pieces_decode_to_the_joined_texts(pieces: list[str]) -> None:
    assert quoted.decode(b"".join(map(quoted.encode, pieces))) == "".join(pieces)


@given(texts)
@example("." * 300)
@example("é" * 300)
@example("a" * 73 + ".From " + "b" * 75 + ".")
def test_lines_are_short_plain_and_never_begin_with_a_dot_or_from(text: str) -> None:
    encoded = quoted.encode(text)
    lines = encoded.split(b"\r\n")
    assert lines.pop() == b"", "a piece ends with a line break"
    for line in lines:
        assert len(line) <= 76
        assert line.isascii()
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t")), "white space before a break is lost on the way"
    assert b"\n" not in encoded.replace(b"\r\n", b"")
    assert b"\r" not in encoded.replace(b"\r\n", b"")


@pytest.mark.parametrize("plain", ["https://paperboy.example.org/u/AAAAEeebeLMSGZJHD6zhnNxYejA", "ada+x@example.org"])
def test_addresses_and_links_stay_legible(plain: str) -> None:
    assert quoted.encode(plain) == plain.encode() + b"=\r\n"
