"""XML made to explode, to fetch, or to keep a library busy: refused, or read without what is too much of it."""

import pytest

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.text import without_long_gaps


def test_an_entrys_categories_are_bounded_and_the_next_entry_has_its_own():
    many = "".join(f"<category>c{number}<b>x</b></category>" for number in range(1000))
    item = f"<item><title>A title</title>{many}<link>https://example.org/1</link></item>"
    feed = ADAPTERS["feed"].parse(f'<rss version="2.0"><channel>{item}{item}</channel></rss>'.encode())
    assert [(paper.title, len(paper.categories)) for paper in feed.papers] == [("A title", 50)] * 2
    assert feed.papers[1].url == "https://example.org/1"


def test_attributes_by_the_hundred_are_refused_and_tens_are_read():
    def body(count):
        attributes = " ".join(f'a{number}="1"' for number in range(count))
        item = "<item><title>A title</title><link>https://example.org/1</link></item>"
        return f'<rss version="2.0" {attributes}><channel>{item}</channel></rss>'.encode()

    assert len(ADAPTERS["feed"].parse(body(90)).papers) == 1
    with pytest.raises(SourceError, match="more than 500 attributes"):
        ADAPTERS["feed"].parse(body(600))


DOCTYPE = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
BOMB = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]>'


ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "latin-1")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["feed", "arxiv_atom", "arxiv_api"])
@pytest.mark.parametrize("doctype", [BOMB, OUTSIDE, PARAMETER])
def test_no_entity_is_expanded_or_fetched_in_any_encoding(encoding, kind, doctype):
    item = "<item><title>A title &b;&x;</title><link>https://example.org/1</link></item>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}<rss version="0.91"><channel>{item}</channel></rss>'
    body, content_type = text.encode(encoding), f"application/xml; charset={encoding}"
    with pytest.raises(SourceError, match=r"entities|document type|broken XML"):
        ADAPTERS[kind].parse(body, content_type=content_type)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_that_is_kept_elsewhere_is_passed_over(encoding):
    item = "<item><title>A title</title><link>https://example.org/1</link></item>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{DOCTYPE}<rss version="0.91"><channel>{item}</channel></rss>'
    assert [paper.title for paper in ADAPTERS["feed"].parse(text.encode(encoding)).papers] == ["A title"]
    with pytest.raises(SourceError, match="document type"):
        ADAPTERS["arxiv_atom"].parse(text.encode(encoding))


def test_white_space_without_end_is_cut_and_characters_of_two_bytes_stay_whole():
    item = "<item><title>A title</title><link>https://example.org/1</link></item>"
    for encoding in ("utf-8", "utf-16", "utf-32"):
        text = '<?xml version="1.0"?>' + "\n" * 5001 + f'<rss version="2.0"><channel>{" " * 999}{item}</channel></rss>'
        body = text.replace("1.0", f'1.0" encoding="{encoding}', 1).encode(encoding)
        assert len(without_long_gaps(body)) < len(body) / 3
        assert [paper.title for paper in ADAPTERS["feed"].parse(body).papers] == ["A title"]
