import hashlib
import string
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from subscriptions import links, tokens
from subscriptions.tokens import Purpose

ALPHABET = string.ascii_letters + string.digits + "-_"


@given(st.integers(1, 2**32 - 1))
def test_a_token_says_what_it_was_made_for(number: int) -> None:
    for purpose in Purpose:
        assert tokens.read(purpose, tokens.make(purpose, number)) == number


@given(st.integers(1, 2**32 - 1))
def test_a_token_is_signed_by_keyed_blake2(subscriber_id: int) -> None:
    raw = urlsafe_b64decode(tokens.make(Purpose.UNSUBSCRIBE, subscriber_id) + "=")
    key = hashlib.sha256(f"paperboy.subscriptions.tokens:unsubscribe:{settings.SECRET_KEY}".encode()).digest()
    assert raw[4:] == hashlib.blake2b(raw[:4], digest_size=16, key=key, person=b"unsubscribe").digest()


def test_a_token_opens_no_other_door() -> None:
    for made in Purpose:
        for read in Purpose:
            assert (tokens.read(read, tokens.make(made, 7)) is not None) == (made is read)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_changing_any_character_breaks_a_token(purpose: Purpose) -> None:
    token = tokens.make(purpose, 7)
    for place in range(len(token)):
        for character in ALPHABET.replace(token[place], ""):
            assert tokens.read(purpose, token[:place] + character + token[place + 1 :]) is None


@pytest.mark.parametrize("purpose", list(Purpose))
@given(text=st.text(max_size=60) | st.text(ALPHABET, min_size=26, max_size=31))
def test_nothing_else_is_a_token(purpose: Purpose, text: str) -> None:
    assert tokens.read(purpose, text) is None


@pytest.mark.parametrize("suffix", ["=", "==", "\n", " ", "A"])
def test_a_token_has_one_spelling(suffix: str) -> None:
    assert tokens.read(Purpose.CONFIRM, tokens.make(Purpose.CONFIRM, 7) + suffix) is None


def test_a_retired_secret_still_opens_and_a_removed_one_does_not(settings: Any) -> None:
    settings.SECRET_KEY = "old"
    token = tokens.make(Purpose.UNSUBSCRIBE, 7)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["older", "old"]
    assert tokens.read(Purpose.UNSUBSCRIBE, token) == 7
    assert tokens.make(Purpose.UNSUBSCRIBE, 7) != token
    settings.SECRET_KEY_FALLBACKS = []
    assert tokens.read(Purpose.UNSUBSCRIBE, token) is None


def test_links_fit_a_header_line(settings: Any) -> None:
    settings.SITE_URL = "https://newsletter.a-long-university.example"[:40]
    assert len(settings.SITE_URL) == 40
    for url in (links.unsubscribe_url, links.preferences_url, links.confirm_url, links.refuse_url):
        assert len(url(2**32 - 1)) == 70
    assert links.site_url("/editions/") == f"{settings.SITE_URL}/editions/"
