"""arXiv ids and DOIs come in many spellings and leave in one."""

from datetime import date

import pytest

from digest.sources import FetchedPaper, identifiers, people, tidy


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
        ("LAPALU, N., Plaumann, P.-L., O'Connell, R. J.", ("N. Lapalu", "P.-L. Plaumann", "R. J. O'Connell")),
        ("Doe, Jane; Roe, John", ("Jane Doe", "John Roe")),
        ("Jane Doe (never closed, John Roe", ("Jane Doe never closed", "John Roe")),
        ("Jane Doe, , ,", ("Jane Doe",)),
        ("", ()),
    ],
)
def test_author_lists_are_split_without_their_affiliations(written, meant):
    split = tuple(" ".join(name.split()) for name in people.split(written))
    assert split == meant


@pytest.mark.parametrize(
    ("scheme", "written", "canonical"),
    [
        ("arxiv", "https://arxiv.org/abs/2606.00001v3", ("arxiv", "2606.00001")),
        ("doi", "https://doi.org/10.48550/arXiv.2606.00001", ("arxiv", "2606.00001")),
        ("doi", "doi:10.1000/ABC.", ("doi", "10.1000/abc")),
        ("openreview", "https://openreview.net/forum?id=aB3_-xyz09", ("openreview", "aB3_-xyz09")),
        ("openreview", "https://openreview.net/pdf?noteId=1&id=aB3_-xyz09#top", ("openreview", "aB3_-xyz09")),
        ("openreview", "a b", None),
        ("semantic_scholar", "CorpusID:0042", ("semantic_scholar", "corpus:42")),
        ("semantic_scholar", "A" * 40, ("semantic_scholar", "a" * 40)),
        ("semantic_scholar", "42", None),
        ("url", "HTTP://Example.org/a/?utm_source=x&b=1#c", ("url", "example.org/a?b=1#c")),
        ("url", "https://example.org/", None),
        ("url", "javascript:alert(1)", None),
        ("url", "https://example.org/a;jsessionid=AB12?sessionid=1&b=2", ("url", "example.org/a?b=2")),
        ("title", "A title", None),
        ("isbn", "1", None),
    ],
)
def test_further_names_are_made_canonical_or_left_out(scheme, written, canonical):
    found = identifiers.names([(scheme, written), (scheme, written)])
    assert found == ((canonical,) if canonical else ())


@pytest.mark.parametrize(
    ("own", "names"),
    [
        ("17", [("url", "example.org/a"), ("guid", "feeds.example.net 17 2026-06-01")]),
        ("tag:example.org,2026:7", [("url", "example.org/a"), ("guid", "tag:example.org,2026:7 2026-06-01")]),
        ("URN:uuid:1", [("url", "example.org/a"), ("guid", "URN:uuid:1 2026-06-01")]),
        ("https://example.org/a/", [("url", "example.org/a")]),
        ("https://example.org/?p=7", [("url", "example.org/a"), ("guid", "example.org?p=7 2026-06-01")]),
        ("https://other.example/b", [("url", "other.example/b"), ("url", "example.org/a")]),
        ("https://example.org/", [("url", "example.org/a")]),
        ("", [("url", "example.org/a")]),
    ],
)
def test_an_entry_of_a_feed_has_its_address_and_the_feed_s_name_of_it(own, names):
    written = identifiers.of_entry(own, "https://example.org/a", "https://feeds.example.net/x", date(2026, 6, 1))
    assert identifiers.names(written) == tuple(names)


def test_a_number_of_a_feed_whose_address_is_not_known_names_nothing():
    assert identifiers.names(identifiers.of_entry("17", "", "", None)) == ()
    assert identifiers.names(identifiers.of_entry("17", "", "https://a.example/f", None)) == (("guid", "a.example 17"),)


def test_names_are_bounded_in_number_and_length():
    many = identifiers.names([("url", f"https://example.org/{number}/{'x' * 900}") for number in range(100)])
    assert len(many) == identifiers.MOST
    assert max(len(value) for _, value in many) <= identifiers.LONGEST


def test_an_arxiv_id_or_doi_among_the_further_names_is_the_papers_own():
    names = (("doi", "10.1000/Z"), ("doi", "10.1000/a"), ("arxiv", "arXiv:2606.00001v2"))
    paper = tidy.tidy(FetchedPaper(title="A title", identifiers=names))
    assert (paper.arxiv_id, paper.doi, paper.url) == ("2606.00001", "10.1000/z", "https://arxiv.org/abs/2606.00001")
    assert ("doi", "10.1000/a") in paper.identifiers
