"""Lists of words in forms: what is typed becomes a list, and a list is shown as it would be typed."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.admin.fields import CategoriesField, WordsField

phrases = st.text(st.characters(categories=["L", "Nd"], include_characters=" -'"), max_size=60).map(
    lambda text: " ".join(text.split())
)


@given(st.lists(phrases.filter(bool), max_size=20, unique=True))
def test_a_list_survives_being_shown_and_sent_back(words: list[str]) -> None:
    field = WordsField()
    assert field.clean(field.prepare_value(words)) == words
    assert not field.has_changed(words, field.prepare_value(words))


@given(st.text(max_size=200))
def test_whatever_is_typed_becomes_clean_distinct_phrases_or_an_error(typed: str) -> None:
    try:
        words = WordsField().clean(typed)
    except ValidationError:
        return
    assert len(words) == len(set(words))
    assert all(word and word == " ".join(word.split()) and "," not in word for word in words)


@pytest.mark.parametrize("category", ["cs.RO", "stat.ML", "astro-ph.GA", "quant-ph", "cond-mat.mes-hall", "hep-th"])
def test_arxiv_categories_are_accepted(category: str) -> None:
    assert CategoriesField().clean(category) == [category]


@pytest.mark.parametrize("category", ["CS.RO", "cs.", "cs RO", ".RO", "cs.RO.x", "robotics!"])
def test_other_things_are_not(category: str) -> None:
    with pytest.raises(ValidationError):
        CategoriesField().clean(category)
