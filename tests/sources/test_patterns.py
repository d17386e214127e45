"""Text of any kind is read in time that grows with its length: each reader by itself, and each pattern of its own."""

import ast
import importlib
import inspect
import pkgutil
import re
import time

import pytest

from digest.papers import identity
from digest.sources import identifiers, people, text
from digest.sources.arxiv_words import announcement


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda value: announcement(value, ""), "A title" + " " * 50_000 + "."),
        (lambda value: announcement(value, ""), "A title " + "(arXiv:" * 50_000),
        (people.split, "Jane" + " " * 100_000 + "Roe"),
        (people.split, "Jane" + ", Jr" * 400_000),
        (people.split, "\\'" + "a\u0301\u0316" * 60_000 + "\u0301\u0316" * 60_000),
        (lambda value: [identifiers.arxiv(value) for _ in range(4000)], " " * 299 + "x"),
        (lambda value: text.from_markup(value, len(value)), "<div>" * 80_000),
        (lambda value: text.from_markup(value, len(value)), "".join(f"<b a{n}>" for n in range(20_000))),
        (lambda value: identity.words_of(text.line(value, 100_000)), "a" + "\u0301\u0316" * 50_000),
    ],
)
def test_hostile_text_is_read_in_one_pass(read, value):
    """In proportion to its length each takes a fraction of a second, to its square more than eight."""
    started = time.process_time()
    read(value)
    assert time.process_time() - started < 5


UNITS = (
    *" a1.,;:-_/\\|&@#%~^$<>()[]{}\"'\n\t\r=!?*+\u0301\u4e00A",
    "a ", " a", "a.", "A. ", "aA", "1 ", "1.", "0706.", "\n ", " \n", "\r\n", "a\n", "<a", "<a ", "</a", "<!--",
    "-->", "<p>", "<br ", "<jats:", "&a", "&#", "&#1;", "&amp;", "\\a", "\\'", "\\'{", "\\v ", "\\frac{",
    "\\frac{a}{", "\\text{", "\\text ", "\\href{", "\\sqrt{", "\\(", "$a", "$ ", "$$", "^{", "_{a", "{a", "a}",
    "``", "--", " and ", " & ", "(a", "a)", "arXiv:", "(arXiv:", "arxiv.org/abs/", "x.", "x-", "doi:", "doi: ",
    "10.1234/", "10.1101/1", "hep-th/", "v1", "this ", "the paper ", "paper has been ", "withdrawn ", "withdraw",
    "retracted ", "accepted ", "https://", "http://a/", "github.com/a", "\"paper\" ", "<id> ", "<id>http://",
    "<?xml ", "Announce Type: ",
)  # fmt: skip
SPOILS = ("", "\x00")
LENGTH = 4_000
PACKAGES = ("digest.sources", "digest.papers", "digest.tex")
TRIES = ("fullmatch", "match", "search")  # sub, split and the like search


def compiled():
    """Every pattern that a module of ours keeps, with the ways it is used: by itself, or in a list or table."""
    found = {}
    lines = [line for module in modules(*PACKAGES) for line in inspect.getsource(module).splitlines()]
    source = "\n".join(line for line in lines if not line.startswith(("from ", "import ")))
    for module in modules(*PACKAGES):
        for name, value in vars(module).items():
            for pattern in patterns_in(value):
                ways = set(re.findall(rf"\b{name}\.(\w+)", source)) & {"fullmatch", "match"}
                is_searched = re.search(rf"\b{name}\b(?!\.(?:fullmatch|match)\b| =)", source)
                ways |= {"search"} if is_searched or not ways else set()
                found.setdefault(pattern, pytest.param(pattern, sorted(ways), id=f"{module.__name__}.{name}"))
    return list(found.values())


def modules(*names):
    for name in names:
        module = importlib.import_module(name)
        yield module
        for each in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
            if not each.name.endswith("__main__"):
                yield importlib.import_module(each.name)


def patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for each in value.items():
            yield from patterns_in(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from patterns_in(each)


def seconds(pattern, way, text):
    text = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    started = time.thread_time()
    if way == "search":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, way)(text)
    return time.thread_time() - started


def takes_far_too_long(pattern, way, text):
    """Not in proportion to the text: far more than twice as long for twice as much, and long enough to be sure.

    A pattern that doubles its time with each letter shows in a few of them, one whose time is the cube of its text in
    some more: neither would end soon with all.
    """
    if any(seconds(pattern, way, text[:length]) > 0.03 for length in (*range(14, 25, 2), 250)):
        return True
    if seconds(pattern, way, text) < 0.004:
        return False
    return all(seconds(pattern, way, text * 2) > 3 * seconds(pattern, way, text) for _ in "123")


@pytest.mark.parametrize(("pattern", "ways"), compiled())
def test_no_pattern_takes_time_with_the_square_of_its_text(pattern, ways):
    for unit in UNITS:
        for spoil in SPOILS:
            for way in ways:
                text = unit * (LENGTH // len(unit)) + spoil
                assert not takes_far_too_long(pattern, way, text), f"{way} {unit!r}"


@pytest.mark.parametrize("slow", [r"\s*x", r"\(.*?\)x", r"\w+@", r"(\w+\s*)x", r"(?:\*+ ?|\[)*x"])
def test_a_pattern_that_backtracks_is_found(slow):
    pattern = re.compile(slow)
    assert any(takes_far_too_long(pattern, "search", unit * (LENGTH // len(unit))) for unit in UNITS)


def test_no_pattern_is_kept_where_this_would_not_look():
    """Inside a function it would be compiled for each call, and hidden from the test above."""
    for module in modules(*PACKAGES):
        assert not list(patterns_inside(ast.parse(inspect.getsource(module)))), module.__name__


def patterns_inside(tree):
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.Lambda)]
    for call in (each for function in functions for each in ast.walk(function) if isinstance(each, ast.Call)):
        of_re = (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "re"
        )
        if of_re and call.func.attr != "escape":
            yield ast.unparse(call)


def test_a_pattern_inside_a_function_is_found():
    kept = 'WORD = re.compile("a")\nTABLE = {\n    "b": re.compile("b"),\n}\n'
    assert not list(patterns_inside(ast.parse(kept)))
    assert list(patterns_inside(ast.parse(f"{kept}def f(value):\n    return re.sub('a', '', value)")))
