"""What readers paste: BibTeX, RIS, CSL JSON, identifiers; broken, hostile and enormous ones too."""

from __future__ import annotations

import json
import time

import pytest

from digest.interests import references
from digest.interests.references import MOST_ENTRIES, UnreadableReferences, decoded, read
from digest.papers.identity import title_keys

BIBTEX = r"""
@string{neurips = "NeurIPS"}
@comment{nothing to see}
@article{ha2018,
  title = {World {Models}},
  author = {Ha, David and Schmidhuber, J{\"u}rgen},
  journal = {arXiv preprint},
  eprint = {1803.10122}, archivePrefix = {arXiv}, year = 2018
}
@INPROCEEDINGS(finn17,
  title = "Model-Agnostic " # "Meta-Learning",
  doi = "10.5555/3305381.3305498", booktitle = neurips)
@misc{site, howpublished = "\url{x}", url={https://openreview.net/forum?id=r1xMH1BtvB}, title = {}}
"""
RIS = """TY  - JOUR
TI  - Attention and the long evening of words
AU  - Lovelace, Ada
DO  - 10.1000/ABC.
ER  -

TY  - RPRT
T1  - A second report
UR  - https://arxiv.org/abs/2401.00002v3
ER  -
"""


def names(given: str) -> list[tuple[tuple[str, str], ...]]:
    return [entry.names for entry in read(given).entries]


def test_bibtex_is_read_with_macros_quotes_parentheses_and_nested_braces() -> None:
    found = read(BIBTEX)
    assert [entry.title for entry in found.entries] == ["World Models", "Model-Agnostic Meta-Learning", ""]
    assert [entry.names[0] for entry in found.entries] == [
        ("arxiv", "1803.10122"),
        ("doi", "10.5555/3305381.3305498"),
        ("openreview", "r1xMH1BtvB"),
    ]
    assert ("title", next(title_keys("World Models", ["David Ha"], ()))) in found.entries[0].names


def test_zotero_s_ris_is_read() -> None:
    first, second = read(RIS).entries
    assert first.names[0] == ("doi", "10.1000/abc")
    assert first.title == "Attention and the long evening of words"
    assert second.names[0] == ("arxiv", "2401.00002")


def test_csl_json_is_read() -> None:
    items = [
        {"title": "A title of some length", "DOI": "10.1000/x", "author": [{"family": "Noether", "given": "Emmy"}]},
        {"title": "Another one", "note": "arXiv:2401.00003 [cs]", "author": {"no": "list"}},
        {"id": "nothing"},
        17,
    ]
    found = read(json.dumps(items))
    assert [entry.names[0] for entry in found.entries] == [("doi", "10.1000/x"), ("arxiv", "2401.00003")]
    assert found.unread == ["nothing", "17"]


def test_lines_hold_identifiers_addresses_and_titles() -> None:
    given = """
    - 2401.00001, https://arxiv.org/pdf/2402.00002v3.pdf
    doi:10.1000/abc
    1. https://openreview.net/forum?id=r1xMH1BtvB
    Attention is all you need
    hmm
    """
    found = read(given)
    assert [entry.names[0] for entry in found.entries] == [
        ("arxiv", "2401.00001"),
        ("arxiv", "2402.00002"),
        ("doi", "10.1000/abc"),
        ("openreview", "r1xMH1BtvB"),
        ("title", next(title_keys("Attention is all you need", (), ()))),
    ]
    assert found.unread == ["hmm"]


def test_a_broken_entry_costs_only_itself() -> None:
    broken = "@article{a, title={never closed\n" + "x" * 200 + "\n@article{b, doi={10.1000/b}}"
    found = read(broken)
    assert [entry.names for entry in found.entries] == [(("doi", "10.1000/b"),)]
    assert len(found.unread) == 1


def test_five_thousand_entries_are_read_and_one_more_is_too_many() -> None:
    entries = "\n".join(
        f"@article{{k{number},\n title={{A {{Deep}} Study of {number} Things}},\n author={{Lovelace, Ada}},\n"
        f" doi={{10.1000/x{number}}},\n abstract={{{'word ' * 100}}}\n}}"
        for number in range(MOST_ENTRIES)
    )
    started = time.process_time()
    assert len(read(entries).entries) == MOST_ENTRIES
    assert time.process_time() - started < 10, "bibtexparser takes 18 s"
    with pytest.raises(UnreadableReferences, match="more than 5,000"):
        read(entries + "\n@article{last, doi={10.1000/last}}")


@pytest.mark.parametrize(
    "hostile",
    [
        "@a{" * 500_000,
        "@article{x, title={" + "{" * 2_000_000,
        "@x{" + "a={b}," * 300_000 + "}",
        '@x{k, t="' + "{" * 100_000,
        "[" * 500_000,
        '{"a":' * 100_000,
        "TY  - \n" * 500_000,
        "TY  - JOUR\nER  - ",
        "\0\0\0",
        "",
        "{",
        "[]",
        "hello",
        "@" * 1_000_000,
        "x" * (references.MOST_CHARACTERS + 1),
        "\ud800",
    ],
    ids=lambda given: given[:12],
)
def test_hostile_text_is_refused_in_words_and_at_once(hostile: str) -> None:
    started = time.process_time()
    with pytest.raises(UnreadableReferences) as refused:
        read(hostile)
    assert str(refused.value).endswith(".")
    assert time.process_time() - started < 5


def test_an_enormous_number_of_tags_costs_what_one_does() -> None:
    found = read("TY  - JOUR\n" + "AU  - Ada Lovelace\n" * 100_000 + "TI  - One title of four words\nER  - \n")
    assert len(found.entries) == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\ufeffé".encode(), "é"),
        ("é".encode("latin-1"), "é"),
        ("é".encode("utf-16"), "é"),
        (b"\xff", "ÿ"),
    ],
)
def test_files_of_any_encoding_are_read(body: bytes, text: str) -> None:
    assert decoded(body).lstrip("\ufeff") == text
