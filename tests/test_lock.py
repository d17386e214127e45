"""The pinned dependencies: they fit what is asked for, agree with each other, and carry hashes."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement

from tests.services import PROJECT

LOCKS = {"requirements.in": "requirements.txt", "requirements-dev.in": "requirements-dev.txt"}


def asked(name: str) -> list[Requirement]:
    lines = (PROJECT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("-", "#"))]


def pinned(name: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]+\])?==(\S+)", (PROJECT / name).read_text(), re.MULTILINE)
    return {canonical(package): version for package, version in lines}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(("wanted", "lock"), LOCKS.items())
def test_every_requirement_is_pinned_to_a_version_it_allows(wanted, lock):
    pins = pinned(lock)
    assert pins
    assert [each for each in asked(wanted) if not each.specifier.contains(pins.get(canonical(each.name), "0"))] == []


def test_development_runs_on_what_production_runs_on():
    production, development = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert {name: development.get(name) for name in production} == production


@pytest.mark.parametrize("lock", LOCKS.values())
def test_every_pin_has_a_hash_and_no_index_is_named(lock):
    text = (PROJECT / lock).read_text()
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?://|file://|--(extra-)?index-url|--find-links", text)
