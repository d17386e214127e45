"""BibTeX entries: sound whatever the title and the names hold."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from digest import bibtex
from tests.factories import NOW, PaperFactory


def paper(**columns: Any) -> Any:
    return SimpleNamespace(
        **{
            "title": "Meta-Learning", "authors": ["Jane van der Berg"], "primary_category": "cs.LG",
            "categories": [], "arxiv_id": None,
            "doi": None, "journal_reference": "", "url": "", "published_at": datetime(2026, 3, 1, tzinfo=UTC),
            **columns,
        }
    )  # fmt: skip


def test_an_arxiv_paper_has_its_eprint_and_any_doi() -> None:
    entry = bibtex.bibtex(paper(arxiv_id="2603.00001", doi="10.1/a_b(c)", url="https://arxiv.org/abs/2603.00001"))
    assert entry == (
        "@misc{vanderberg2026meta,\n"
        "  title         = {{Meta-Learning}},\n"
        "  author        = {van der Berg, Jane},\n"
        "  year          = {2026},\n"
        "  eprint        = {2603.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass  = {cs.LG},\n"
        "  doi           = {10.1/a_b(c)},\n"
        "  url           = {https://arxiv.org/abs/2603.00001}\n"
        "}\n"
    )


def test_what_a_journal_published_is_an_article_in_it() -> None:
    entry = bibtex.bibtex(paper(journal_reference="Phys. Rev. D 99 (2019) 1 & 2"))
    assert entry.startswith("@article{")
    assert r"journal       = {Phys. Rev. D 99 (2019) 1 \& 2}" in entry
    assert "eprint" not in entry


@pytest.mark.parametrize(
    ("typed", "given_out"),
    [
        ("100% of A&B, C#_x", r"100\% of A\&B, C\#\_x"),
        (r"The $\mathcal{O}(n)$ cost", r"The $\mathcal{O}(n)$ cost"),
        ("From $5 to $10 a token", r"From \$5 to \$10 a token"),
        (r"G\"odel's \emph{theorem}", r"G{\"o}del's theorem"),
        ("Erdős, Łódź, naïve", r"Erd{\H{o}}s, {\L}{\'o}d{\'z}, na{\"{\i}}ve"),
        ("Straße, Çelik, Ångström", r"Stra{\ss}e, {\c{C}}elik, {\AA}ngstr{\"o}m"),
        ("“Quoted” – and — dashed", "``Quoted'' -- and --- dashed"),
        ("机器学习 α", "机器学习 α"),
        (r"a\b ~ ^", r"a\textbackslash{}b \textasciitilde{} \textasciicircum{}"),
    ],
)  # fmt: skip
def test_titles_are_escaped_and_formulae_left_as_they_are(typed: str, given_out: str) -> None:
    assert bibtex.title(typed) == given_out


@pytest.mark.parametrize(
    ("name", "given_out"),
    [
        ("Jane Doe", "Doe, Jane"),
        ("Ludwig van Beethoven", "van Beethoven, Ludwig"),
        ("Maria de la Cruz", "de la Cruz, Maria"),
        ("Van Nguyen", "Nguyen, Van"),
        ("Martin Luther King Jr.", "King, Jr., Martin Luther"),
        ("Madonna", "{Madonna}"),
        ("ATLAS Collaboration", "{ATLAS Collaboration}"),
        ("Rock and Roll", "{Rock and Roll}"),
        ("Doe, Jane", "{Doe, Jane}"),
        ("José Ångström", r"{\AA}ngstr{\"o}m, Jos{\'e}"),
        ("张三", "{张三}"),
        ("R. {Smith", "Smith, R."),
    ],
)
def test_names_of_every_form(name: str, given_out: str) -> None:
    assert bibtex.name(name) == given_out


def test_braces_of_a_text_cannot_end_a_field() -> None:
    assert bibtex.escaped("}{") == r"\textbraceright{}\textbraceleft{}"


def test_who_has_no_authors_and_no_date_is_still_cited() -> None:
    entry = bibtex.bibtex(paper(authors=[], published_at=None, title="?", arxiv_id="math/0309136", url='a"b{c'))
    assert entry.startswith("@misc{2003,")
    assert "author" not in entry
    assert "url           = {a%22b%7Bc}" in entry


def is_sound(entry: str) -> bool:
    """Braces are balanced throughout, and the entry ends where it should."""
    depth = 0
    for place, character in enumerate(entry.rstrip()):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and character == "}" and place != len(entry.rstrip()) - 1:
            return False
    return depth == 0


@given(
    st.text(alphabet="ab $\\{}%&é\"'", max_size=40), st.lists(st.text(alphabet="ab {}\\,é", max_size=12), max_size=3)
)
def test_entries_are_sound_whatever_they_hold(title: str, authors: list[str]) -> None:
    assert is_sound(bibtex.bibtex(paper(title=title, authors=authors)))


def test_long_formulae_take_no_long_time() -> None:
    started = time.process_time()
    written = bibtex.title("$" + r"\aaaa" * 2000 + "%$")
    assert is_sound(f"{{{written}}}")
    assert time.process_time() - started < 5  # one that backtracks would take for ever


def test_real_titles_are_sound(shared_data: Path) -> None:
    for line in (shared_data / "feeds" / "nasty_300.jsonl").read_text().splitlines():
        record = json.loads(line)
        entry = bibtex.bibtex(paper(title=record["title"], authors=record["authors"][:50], arxiv_id=record["id"]))
        assert is_sound(entry)
        assert re.match(r"@misc\{[a-z0-9]+,\n", entry)


@pytest.mark.django_db
def test_the_page_shows_it_and_gives_it_as_a_file(client: Client) -> None:
    row = PaperFactory.create(title="A <b> & Meta", authors=["Jane Doe"], published_at=NOW, arxiv_id="2607.1")
    assert r"{{A &lt;b&gt; \&amp; Meta}}" in client.get(f"/papers/{row.pk}").content.decode()
    file = client.get(f"/papers/{row.pk}.bib")
    assert file["Content-Disposition"] == 'attachment; filename="doe2026meta.bib"'
    assert file["Content-Type"].startswith("application/x-bibtex")
    assert r"{{A <b> \& Meta}}" in file.content.decode()


@pytest.mark.django_db
def test_what_readers_may_not_see_is_not_cited_either(client: Client) -> None:
    kept = PaperFactory.create()
    merged = PaperFactory.create(merged_into=kept)
    assert client.get(f"/papers/{merged.pk}.bib")["Location"] == f"/papers/{kept.pk}.bib"
    assert client.get(f"/papers/{PaperFactory.create(is_hidden=True).pk}.bib").status_code == 404
