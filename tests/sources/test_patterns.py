"""Text of any kind is read in time that grows with its length: each reader by itself, and each pattern of its own."""

import time

import pytest

from digest.papers import identity
from digest.sources import identifiers, people, text
from digest.sources.arxiv_words import announcement


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda value: announcement(value, ""), "A title" + " " * 50_000 + "."),
        (lambda value: announcement(value, ""), "A title " + "(arXiv:" * 50_000),
        (people.split, "Jane" + " " * 100_000 + "Roe"),
        (people.split, "Jane" + ", Jr" * 400_000),
        (people.split, "\\'" + "a\u0301\u0316" * 60_000 + "\u0301\u0316" * 60_000),
        (lambda value: [identifiers.arxiv(value) for _ in range(4000)], " " * 299 + "x"),
        (lambda value: text.from_markup(value, len(value)), "<div>" * 80_000),
        (lambda value: text.from_markup(value, len(value)), "".join(f"<b a{n}>" for n in range(20_000))),
        (lambda value: identity.words_of(text.line(value, 100_000)), "a" + "\u0301\u0316" * 50_000),
    ],
)
def test_hostile_text_is_read_in_one_pass(read, value):
    """In proportion to its length each takes a fraction of a second, to its square more than eight."""
    started = time.process_time()
    read(value)
    assert time.process_time() - started < 5
