import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import people
from digest.sources.misread import KINDS, misread


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Dupont, Jane", "Jane Dupont"),
        ("van der Berg, Jan", "Jan van der Berg"),
        ("Doe, Jane, Jr.", "Jane Doe, Jr."),
        ("Jane Doe, III", "Jane Doe, III"),
        ("Prof. Jane Doe, PhD", "Jane Doe"),
        ("山田, 太郎", "山田 太郎"),
        (r"Jane Doe$^{1,*}$", "Jane Doe"),
        ("Jane Doe1,2", "Jane Doe"),
        ("Jane Doe†", "Jane Doe"),
        ("Jane Doe (CNRS, Paris)", "Jane Doe"),
        ("Jane Doe <jane@example.org>", "Jane Doe"),
        ("Jane Doe [0000-0002-1825-0097]", "Jane Doe"),
        ("for the LIGO Scientific Collaboration", "LIGO Scientific Collaboration"),
        ("and Jane Doe", "Jane Doe"),
        ("Jane Doe, et al.", "Jane Doe"),
        ("DUPONT Jean", "Jean Dupont"),
        ("Jean DUPONT", "Jean Dupont"),
        ("JEAN-PIERRE O'BRIEN", "Jean-Pierre O'Brien"),
        ("ANN MCDONALD", "Ann McDonald"),
        ("Kağan ÇETİN", "Kağan Çetin"),
        (r"\v{C}apek, Karel", "Karel Čapek"),
        (r"{\'I}\~nigo \L{}uk", "Íñigo Łuk"),
        (r"\'\i \o\aa\ss{} \dj or\dj e", "íøåß đorđe"),
        (r"St\ütz", "Stütz"),
        ("Jane~Doe_Roe", "Jane Doe Roe"),
        ("Valli`eres", "Vallières"),
        ('Rapha"el', "Raphaël"),
        ("Katharina GÃ¶tz", "Katharina Götz"),
    ],
)
def test_a_name_is_written_as_people_write_it(written: str, meant: str) -> None:
    assert people.name(written) == meant


@pytest.mark.parametrize(
    "name",
    [
        "Jane Doe", "J. R. R. Tolkien", "S.-P. O'Neil", "Muhammad bin Salim al-Rashid", "Plato", "hanyu zhao", "王小明",
        "UMMPK Nawarathne", "Akhil VSSG", "AKM Rahman", "NVIDIA", "GPT-5", "FANAR TEAM", "The Institute of Things",
        "Team Hunyuan3D", 'Guiling "Grace" Wang', "Karthik C. S.", "Juan José de la Peña",
    ],
)  # fmt: skip
def test_a_name_that_is_written_well_stays(name: str) -> None:
    assert people.name(name) == name


@pytest.mark.parametrize("written", ["", "et al.", "and", ":", "others", "1,2", "†"])
def test_what_is_no_name_is_nobody(written: str) -> None:
    assert people.names([written]) == ()


def test_names_joined_by_mistake_are_separated() -> None:
    assert people.names(["Ann Poe and John Roe", "A. Bee; C. Dee"]) == ("Ann Poe", "John Roe", "A. Bee", "C. Dee")
    assert people.split("Jane Doe, Ann Poe for the ATLAS Collaboration") == (
        "Jane Doe",
        "Ann Poe",
        "ATLAS Collaboration",
    )


def test_a_bibliography_s_list_has_surnames_first() -> None:
    assert people.split("Doe, Jane and van Roe, Richard") == ("Jane Doe", "Richard van Roe")
    assert people.split("Doe, Jane") == ("Jane Doe",)


@given(st.lists(st.text(alphabet="aÉZ王 ,.;()[]<>{}$^\\~`\"'@-_/12*†&Ã¶", max_size=40), max_size=5))
def test_any_names_are_read_and_stay_as_they_are(values: list[str]) -> None:
    found = people.names(values)
    assert all(name == name.strip() and any(character.isalpha() for character in name) for name in found)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (r"St\"uk", "markup"), ("Jane Doe (MIT)", "brackets"), ("j@x.org", "address"), ("Jane Doe*", "mark"),
        ("Jane Doe et al.", "several"), ("Valli`eres", "accent"), ("Doe, Jane", "comma"), ("Jane Doe1", "digit"),
        ("Jean DUPONT", "capitals"), (":", "empty"),
    ],
)  # fmt: skip
def test_each_way_to_misread_a_name_is_found(name: str, kind: str) -> None:
    assert kind in KINDS
    assert kind in misread(name)
    assert misread("Jane Q. O'Doe-Roe, Jr.") == []


def recorded(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt") as lines:
        yield from (json.loads(line)["authors"] for line in islice(lines, 0, None, 20))


@pytest.mark.shared_data
def test_real_names_are_hardly_ever_misread_or_changed(shared_data: Path) -> None:
    lists = list(recorded(shared_data / "eval/arxiv.jsonl.gz"))
    total = sum(map(len, lists))
    read = [people.names(names) for names in lists]
    assert sum(bool(misread(name)) for names in read for name in names) <= total / 10_000
    assert sum(len(set(before) - set(after)) for before, after in zip(lists, read, strict=True)) < total / 1000
