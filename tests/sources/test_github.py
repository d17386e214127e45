"""Code links lead to repositories on GitHub, and nothing else does; replies tell their stars."""

import pytest

from digest.errors import SourceError
from digest.sources import github


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://github.com/Invented/Lanterns", "invented/lanterns"),
        ("http://www.github.com/invented/lanterns.git", "invented/lanterns"),
        ("https://github.com/invented/lanterns/tree/main/src?tab=readme#use", "invented/lanterns"),
        ("https://github.com/invented", ""),
        ("https://github.com/", ""),
        ("https://github.com/topics/lanterns", ""),
        ("https://github.com/invented/..", ""),
        ("https://github.com/inv%2fented/lanterns", ""),
        ("https://github.com.evil.example/invented/lanterns", ""),
        ("https://gist.github.com/invented/0123", ""),
        ("https://gitlab.com/invented/lanterns", ""),
        ("", ""),
    ],
)
def test_a_code_link_names_its_repository(link, name):
    assert github.repository(link) == name


def test_a_reply_tells_the_present_name_and_the_stars():
    body = b'{"id": 1, "full_name": "Renamed/Lanterns", "stargazers_count": 42}'
    assert github.read(body) == github.Repository("renamed/lanterns", 42)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"full_name": "a/b"}', b'{"full_name": "a/b/../c", "stargazers_count": "x"}', b"<html>", b""],
)
def test_anything_else_is_an_error(body):
    with pytest.raises(SourceError):
        github.read(body)


def test_a_token_goes_into_a_header_only_if_there_is_one():
    assert github.headers("") == {}
    assert github.headers("t") == {"Authorization": "Bearer t"}
