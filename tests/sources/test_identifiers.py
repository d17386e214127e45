"""arXiv ids and DOIs come in many spellings and leave in one."""

from datetime import date

import pytest

from digest.sources import identifiers, people


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2203.01250", ("2203.01250", None)),
        ("2203.01250v3", ("2203.01250", 3)),
        ("arXiv:2203.01250v3", ("2203.01250", 3)),
        ("oai:arXiv.org:2203.01250v3", ("2203.01250", 3)),
        ("http://arxiv.org/abs/2203.01250v2", ("2203.01250", 2)),
        ("https://arxiv.org/pdf/2203.01250v2.pdf", ("2203.01250", 2)),
        ("https://www.arxiv.org/abs/2203.01250?context=cs", ("2203.01250", None)),
        ("https://huggingface.co/papers/2203.01250", ("2203.01250", None)),
        ("10.48550/arXiv.2203.01250", ("2203.01250", None)),
        ("https://doi.org/10.48550/arXiv.2203.01250", ("2203.01250", None)),
        ("0704.0001", ("0704.0001", None)),
        ("hep-ex/0307015", ("hep-ex/0307015", None)),
        ("http://arxiv.org/abs/hep-ex/0307015v1", ("hep-ex/0307015", 1)),
        ("math.GT/0309136", ("math/0309136", None)),
        ("cond-mat/9901001v12", ("cond-mat/9901001", 12)),
        ("math-ph/9901001", ("math-ph/9901001", None)),
        ("Q-Alg/9502001", ("q-alg/9502001", None)),
    ],
)
def test_an_arxiv_id_is_read_from_every_spelling(written, meant):
    assert identifiers.arxiv(written) == meant


@pytest.mark.parametrize(
    "written", ["", "abc", "1234", "2213.01250", "2203.012", "10.1000/182", "3.14159", "x" * 9999, "paper/0309136"]
)
def test_other_numbers_are_no_arxiv_ids(written):
    assert identifiers.arxiv(written) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.1103/PhysRevD.70.092001", "10.1103/physrevd.70.092001"),
        ("doi:10.1101/2023.12.16.571984", "10.1101/2023.12.16.571984"),
        ("https://doi.org/10.1000/182.", "10.1000/182"),
        ("http://dx.doi.org/10.1000/182", "10.1000/182"),
        ("https://www.biorxiv.org/content/10.1101/2023.12.16.571984v1?rss=1", "10.1101/2023.12.16.571984"),
        ("10.1000/182 10.1000/183", "10.1000/182"),
        ("10.48550/arXiv.2203.01250", None),
        ("10.1000/" + "x" * 300, None),
        ("10.1000/a\x00b\ud800c", "10.1000/abc"),
        ("nothing", None),
    ],
)
def test_a_doi_is_read_from_every_spelling(written, meant):
    assert identifiers.doi(written) == meant


def test_an_arxiv_id_tells_its_month_in_both_styles():
    assert identifiers.arxiv_month("2203.01250") == date(2022, 3, 1)
    assert identifiers.arxiv_month("hep-ex/9912015") == date(1999, 12, 1)
    assert identifiers.arxiv_month("math/0309136") == date(2003, 9, 1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Jane Doe, John Roe", ("Jane Doe", "John Roe")),
        ("Jane Doe (CNRS, Paris), John Roe", ("Jane Doe", "John Roe")),
        ("Jane Doe (1 and 2), John Roe (2) ((1) MIT, (2) ETH)", ("Jane Doe", "John Roe")),
        (r"Andr\'e Dupont, Paul Erd\H{o}s", ("André Dupont", "Paul Erdős")),
        ("Jane Doe and John Roe", ("Jane Doe", "John Roe")),
        ("Jane Doe, Ann Poe, and\n  John Roe &  R. Moe", ("Jane Doe", "Ann Poe", "John Roe", "R. Moe")),
        ("John Smith, Jr., Jane Doe", ("John Smith, Jr.", "Jane Doe")),
        ("LAPALU, N., Plaumann, P.-L., O'Connell, R. J.", ("N. LAPALU", "P.-L. Plaumann", "R. J. O'Connell")),
        ("Doe, Jane; Roe, John", ("Doe, Jane", "Roe, John")),
        ("Jane Doe (never closed, John Roe", ("Jane Doe never closed", "John Roe")),
        ("Jane Doe, , ,", ("Jane Doe",)),
        ("", ()),
    ],
)
def test_author_lists_are_split_without_their_affiliations(written, meant):
    split = tuple(" ".join(name.split()) for name in people.split(written))
    assert split == meant
