"""A short version of `make test-feeds`; and what judges it can judge."""

import pytest

from digest.models import Paper
from tests.feeds import audit, collection, family, report, work
from tests.feeds.collection import Case
from tests.feeds.family import FAMILY
from tests.feeds.report import Visit
from tests.feeds.variants import variants
from tests.feeds.visiting import cpu, refused, visitor

SAMPLE = 12


@pytest.fixture
def visiting(db, settings):
    settings.FETCH_ALLOW_PRIVATE, settings.FETCH_PAUSE_SECONDS = ["127.0.0.1"], 0
    with visitor() as visiting:
        yield visiting


@pytest.mark.shared_data
def test_a_sample_of_the_hostile_files_does_no_harm(visiting, shared_data):
    visits = [visiting.visit(case) for case in work.hostile(SAMPLE, 0, 1)]
    found = report.summary(visits, [], rows=Paper.objects.count(), faults=list(audit.faults(audit.stored())))
    assert found["passed"], report.table(found)
    assert (found["files"], len(found["variants"])) == (SAMPLE, 5)


@pytest.mark.shared_data
def test_every_file_is_served_with_the_headers_it_asks_for(shared_data):
    cases = list(collection.files(shared_data))
    assert len(cases) > 3200
    asked = [case for case in cases if any(name.lower() == "content-type" for name in case.headers)]
    assert len(asked) > 40
    assert any("charset=" in value for case in asked for value in case.headers.values())


@pytest.mark.parametrize("name", FAMILY)
def test_each_slow_feed_ends(visiting, name):
    """At the smallest of its sizes: as papers, or with a reason."""
    case = next(FAMILY[name].cases(name))
    visit = visiting.visit(case)
    assert not visit.is_exception, visit.message
    assert visit.cpu < 5
    assert not list(audit.faults(audit.stored()))


def test_the_family_doubles():
    sizes = [len(case.body) for case in family.cases() if case.name == "small entries"]
    assert 1.8 < sizes[1] / sizes[0] < 2.2
    assert 1.8 < sizes[2] / sizes[1] < 2.2


def test_variants_are_the_same_each_time_and_differ_from_one_another():
    case = Case("a name", "as it is", b"<rss>" + bytes(range(200)) * 5)
    first, second = list(variants(case)), list(variants(case))
    assert first == second
    assert len({each.body for each in first}) == 5


GOOD = {"title": "A telling title", "url": "https://example.org/1", "abstract": "With $a<b$ & <think>, 5 < 6.\n\nMore."}
BAD = [
    {"title": " – "},
    {"url": ""},
    {"title": "Some <b>bold</b> title"},
    {"abstract": "A </p> alone"},
    {"abstract": "<img src=x onerror=alert(1)>"},
    {"comment": "<!-- hidden -->"},
    {"authors": ["Jane <i>Roe</i>"]},
    {"journal_reference": "Two\u202emid"},
    {"abstract": "a\x07bell"},
    {"abstract": "x" * 30_000},
    {"url": "javascript:alert(1)"},
    {"code_url": "ftp://example.org/x"},
    {"project_url": "https://user:word@example.org/"},
    {"license_url": 'https://example.org/"onclick='},
    {"url": "https://example.org/a b"},
    {"url": "https:///nowhere"},
]


def test_the_audit_lets_what_is_harmless_pass():
    assert list(audit.faults_of(Paper(**GOOD))) == []


@pytest.mark.parametrize("change", BAD, ids=str)
def test_the_audit_finds_what_is_not(change):
    assert len(list(audit.faults_of(Paper(**{**GOOD, **change})))) == 1


def visit(variant, seconds, **fields):
    told = {"outcome": "quiet", "message": "", "received": 0, "refused": {}, **fields}
    return Visit("a feed", variant, cpu=seconds, **told)


@pytest.mark.parametrize(
    ("family", "met"),
    [
        ([visit("10", 0.1), visit("20", 0.2), visit("40", 0.4)], True),
        ([visit("10", 0.1), visit("20", 0.2), visit("40", 0.8)], False),
        ([visit("10", 0.001), visit("20", 0.002), visit("40", 0.02)], True),
        ([visit("10", 0.1), visit("20", 10, message="took more than 10 s of CPU time"), visit("40", 10)], False),
        ([visit("10", 0.1), visit("20", 0.1), visit("40", 0.1, message="unexpected KeyError")], False),
    ],
)
def test_the_aims_can_be_missed(family, met):
    assert report.grown(family)[0]["met"] is met
    assert report.summary([], family, rows=0, faults=[])["passed"] is met


def test_an_exception_a_fault_or_a_slow_visit_fails_the_whole():
    good = visit("as it is", 0.1)
    assert report.summary([good], [], rows=1, faults=[])["passed"]
    assert not report.summary([good], [], rows=1, faults=["paper 1: no link"])["passed"]
    assert not report.summary([good, visit("as it is", 3)], [], rows=1, faults=[])["passed"]
    assert not report.summary([good, visit("as it is", 0, outcome="")], [], rows=1, faults=[])["passed"]
    assert "FAILED" in report.table(report.summary([], [], rows=0, faults=["paper 1: no link"]))


def test_reasons_are_counted_without_their_details():
    assert refused("refused 2: no title (x)\nrefused 1: broken JSON: line 4 (y)") == {"no title": 2, "broken JSON…": 1}
    assert refused("broken XML: mismatched tag: line 7") == {"(the reply) broken XML: mismatched tag…": 1}


def test_the_parsers_cpu_time_counts(visiting):
    started = cpu()
    visiting.visit(next(FAMILY["small entries"].cases("small entries")))
    assert cpu() - started > 0.05
