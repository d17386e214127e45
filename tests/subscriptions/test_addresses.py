import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from subscriptions import addresses


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+papers@Example.ORG ", "ada.lovelace+papers@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_every_spelling_of_a_mailbox_has_one_key(typed: str, key: str) -> None:
    assert addresses.normalise(typed) == key
    assert addresses.normalise(key) == key


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@@example.org",
        "ada@example",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada lovelace@example.org",
        '"ada"@example.org',
        "ada@exa_mple.org",
        "ada@-example.org",
        "ada..b@example.org",
        "ädä@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\n",
        "ada\x00@example.org",
        "a\u200bda@example.org",
        "ada@exam\u202eple.org",
        "a" * 65 + "@example.org",
        "a" * 300 + "@example.org",
        "ada@" + "b" * 300 + ".org",
        "ada@" + "ü" * 240 + ".org",
        "ada@" + ".".join(["b" * 60] * 5) + ".org",
        "ada@example.org,eve@example.org",
        "Ada <ada@example.org>",
    ],
)
def test_what_cannot_be_written_to_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        addresses.normalise(typed)
    assert len(refusal.value.messages[0]) > 20


@given(st.text(max_size=80) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=40)))
def test_any_text_is_either_refused_or_a_plain_address(typed: str) -> None:
    try:
        key = addresses.normalise(typed)
    except ValidationError:
        return
    assert key.isascii()
    assert key.count("@") == 1
    assert not set(key) & set(" \r\n\t\0<>,;\"'()[]\\:") - {"'"}
    assert len(key) <= 254
    assert addresses.normalise(key) == key


def test_what_is_written_to_keeps_the_case_it_was_typed_in() -> None:
    assert addresses.deliverable(" Ada@Bücher.Example") == "Ada@xn--bcher-kva.example"


def test_the_hash_depends_on_the_key_alone(settings: object) -> None:
    settings.SUPPRESSION_KEY = "one"  # type: ignore[attr-defined]
    one = addresses.address_hash("ada@example.org")
    assert one == addresses.address_hash("ada@example.org")
    assert len(one) == 64
    settings.SUPPRESSION_KEY = "two"  # type: ignore[attr-defined]
    assert addresses.address_hash("ada@example.org") != one


def test_a_masked_address_does_not_give_its_local_part() -> None:
    assert addresses.masked("ada.lovelace@example.org") == "a•••@example.org"


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ada@example.org", "example.org"),
        ("Ada@Example.ORG", "example.org"),
        ('"a@b"@example.org', "example.org"),
        ("ada", ""),
        ("ada@", ""),
        ("", ""),
    ],
)
def test_the_domain_of_an_address_is_what_stands_after_the_last_at(address: str, domain: str) -> None:
    assert addresses.domain_of(address) == domain


@pytest.mark.parametrize(
    ("setting", "sender", "domain"),
    [
        ("Papers <Digest@Example.ORG>", "Digest@Example.ORG", "example.org"),
        ('"Papers, daily @ noon" <digest@example.org>', "digest@example.org", "example.org"),
        ("digest@example.org", "digest@example.org", "example.org"),
        ("webmaster", "webmaster", "localhost"),
        ("", "", "localhost"),
    ],
)
def test_the_sender_s_address_and_domain_are_those_of_the_setting(
    settings: LazySettings, setting: str, sender: str, domain: str
) -> None:
    settings.DEFAULT_FROM_EMAIL = setting
    assert (addresses.sender(), addresses.sender_domain()) == (sender, domain)


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("bounces+a-b_C@example.org", "a-b_C"),
        (" <Bounces+x@EXAMPLE.org>", "x"),
        ("bounces+a+x@example.org", ""),
        ("bounces@example.org", ""),
        ("bounces+x@example.net", ""),
        ("more-bounces+x@example.org", ""),
        ("bounces+x", ""),
        ("", ""),
    ],
)
def test_a_tag_is_read_from_exactly_such_an_address(address: str, tag: str) -> None:
    assert addresses.tag_of(address, "bounces@example.org") == tag
    assert addresses.tag_of(address, "") == ""


def test_a_tagged_address_gives_its_tag_back() -> None:
    tagged = addresses.tagged("bounces@example.org", "x-1")
    assert tagged == "bounces+x-1@example.org"
    assert addresses.tag_of(tagged, "Bounces@example.org") == "x-1"
