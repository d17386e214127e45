"""An operator's own templates: joined where that is safe, else rendered one by one, or refused."""

from __future__ import annotations

import re

import pytest

from digest.errors import DeliveryError
from digest.previews import DAY, PAPERS, TOPICS
from digest.rendering import EditionFacts, assemble, compile_facts, edition
from subscriptions import links
from tests.rendering.conftest import picks, reader
from tests.rendering.templates import CARD, COMPILED, HTML, OWN, RENDERED, TEMPLATES, TEXT
from tests.rendering.test_equality import site

FACTS = EditionFacts("daily", DAY, "A note.")
NONCE = re.compile(r"[0-9a-f]{16}\s*:", re.IGNORECASE)


@pytest.mark.parametrize("name", TEMPLATES)
def test_whatever_a_template_does_with_holes_no_sentinel_is_mailed(name: str) -> None:
    with site(TEMPLATES[name]):
        email = assemble(compile_facts(FACTS, PAPERS, TOPICS), reader(), picks(1, 2, 3)).as_email()
    for body in (email.body, str(email.alternatives[0].content)):
        assert not NONCE.search(body)
        assert "[[" not in body
        assert "<!--[" not in body
        assert links.unsubscribe_url(7) in body


@pytest.mark.parametrize("name", COMPILED)
def test_a_template_that_only_prints_holes_is_joined(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with site(TEMPLATES[name]):
        assert compile_facts(FACTS, PAPERS, TOPICS).layout is not None
    assert caplog.messages == []


@pytest.mark.parametrize("name", RENDERED)
def test_any_other_is_rendered_one_by_one_with_one_warning_that_names_it(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with site(TEMPLATES[name]):
        compiled = compile_facts(FACTS, PAPERS, TOPICS)
        assert compiled.layout is None
        for number in range(1, 4):
            assemble(compiled, reader(), picks(number, 4))
    (warning,) = caplog.messages
    assert ("body.txt" if "body.txt" in TEMPLATES[name] and TEMPLATES[name]["body.txt"] != TEXT else "body.html") in (
        warning
    )
    assert "holes." in warning


def test_the_warning_names_the_hole(caplog: pytest.LogCaptureFixture) -> None:
    with site(TEMPLATES["a filter on a hole"]):
        compile_facts(FACTS, PAPERS, TOPICS)
    with site(TEMPLATES["a condition"]):
        compile_facts(FACTS, PAPERS, TOPICS)
    changed, compared = caplog.messages
    assert "body.html changes holes.chosen" in changed
    assert "body.html compares or takes apart holes.rhythm" in compared


def test_what_only_some_papers_bring_out_is_noticed_when_they_come(caplog: pytest.LogCaptureFixture) -> None:
    secret = "{% if card.title == 'Odd' %}{{ holes.reason|upper }}{% endif %}"
    with site({**OWN, "_card.html": CARD + secret}):
        compiled = compile_facts(FACTS, PAPERS[:2], TOPICS)
        assert compiled.layout is not None
        compiled.add([PAPERS[2].__class__(id=99, title="Odd")])
        assert compiled.layout is None
        email = assemble(compiled, reader(), picks(99, 1)).as_email()
    assert "YOU FOLLOW ROBOTICS" in str(email.alternatives[0].content)
    assert "changes holes.reason" in caplog.text


@pytest.mark.parametrize(
    "broken", ["{% if %}", "{% nothing %}", "{{ x|nothing }}", "{% include 'email/nothing.html' %}"]
)
@pytest.mark.parametrize("name", ["body.html", "body.txt", "_card.html"])
def test_a_template_that_cannot_be_read_is_an_error_that_names_it(name: str, broken: str) -> None:
    with site({**OWN, name: broken}), pytest.raises(DeliveryError, match=r"email/digest/body\.(html|txt) cannot be"):
        compile_facts(FACTS, PAPERS, TOPICS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("body.html", HTML.replace("{{ holes.unsubscribe }}", "")),
        ("body.html", HTML.replace('href="{{ holes.unsubscribe }}"', "")),
        ("body.html", HTML.replace("holes.unsubscribe", "holes.unsubscribe|upper")),
        ("body.html", HTML.replace('<a href="{{ holes.unsubscribe }}">Stop</a>', "{{ holes.unsubscribe }}")),
        ("body.txt", TEXT.replace("{{ holes.unsubscribe }}", "")),
        ("body.txt", TEXT.replace("holes.unsubscribe", "holes.unsubscribe|slice:':30'")),
    ],
)
def test_a_part_without_a_way_to_unsubscribe_is_never_mailed(name: str, content: str) -> None:
    with site({**OWN, name: content}), pytest.raises(DeliveryError, match=rf"{name} has no unsubscribe link"):
        compile_facts(FACTS, PAPERS, TOPICS)


def test_nor_is_one_that_hides_it_from_some_readers() -> None:
    hidden = "{% if holes.email != 'ada@example.com' %}{{ holes.unsubscribe }}{% endif %}"
    with site({**OWN, "body.txt": TEXT.replace("{{ holes.unsubscribe }}", hidden)}):
        compiled = compile_facts(FACTS, PAPERS, TOPICS)
        assert assemble(compiled, reader(), picks(1))
        with pytest.raises(DeliveryError, match="no unsubscribe link"):
            assemble(compiled, reader(email="ada@example.com"), picks(1))


def test_a_layout_that_leaves_no_room_is_an_error_that_says_how_large_it_is() -> None:
    with site({**OWN, "body.html": HTML + "x" * 50_000}), pytest.raises(DeliveryError, match="takes 50,"):
        compile_facts(FACTS, PAPERS, TOPICS)
    assert edition.MAX_LAYOUT_BYTES == 40_000
