"""The documents: every command, target, link and file they name exists, and what exists is named."""

from __future__ import annotations

import re
import subprocess

import pytest
from django.core.management import get_commands

from tests.services import PROJECT

DOCUMENTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


def code_in(text: str) -> list[str]:
    """Inline code and indented blocks: where commands stand."""
    return re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE)


@every_document
def test_every_make_target_exists(document):
    named = [target for code in code_in(document.read_text()) for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)]
    assert set(named) <= targets()


@every_document
def test_every_management_command_exists(document):
    named = [name for code in code_in(document.read_text()) for name in re.findall(r"manage\.py ([a-z_]+)", code)]
    assert set(named) <= set(get_commands())


@every_document
def test_every_relative_link_leads_somewhere(document):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@every_document
def test_every_setting_that_is_named_is_documented(document):
    words = re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", document.read_text())
    known = (PROJECT / "docs" / "settings.md").read_text()
    foreign = {"ENV_FILE", "NAME_FILE", "SECRET_KEY_FILE", "ANYMAIL_X", "ANYMAIL_WEBHOOK_SECRET"}
    assert [word for word in words if word not in foreign and word not in known] == []


def test_the_checks_above_find_something():
    text = (PROJECT / "README.md").read_text()
    assert any("make run" in code for code in code_in(text))
    assert any("manage.py doctor" in code for code in code_in(text))


def test_make_help_lists_every_target():
    shown = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+)", shown, re.MULTILINE)) == targets()


def test_the_readme_s_test_command_is_what_make_check_runs():
    assert "make test" in (PROJECT / "README.md").read_text()
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    assert "$(MAKE) --no-print-directory test\n" in recipe[1]


def test_every_module_of_the_pipeline_has_its_line_in_the_architecture():
    text = (PROJECT / "docs" / "architecture.md").read_text()
    modules = {path.stem for path in (PROJECT / "digest").iterdir() if path.stem[0] not in "._"}
    unnamed = {name for name in modules if f"digest/{name}" not in text and f"`{name}/`" not in text}
    assert unnamed - {"migrations", "apps", "urls"} == set()


def test_every_decision_has_context_decision_and_consequence():
    pages = sorted((PROJECT / "docs" / "adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), page.name


def requirements(name: str) -> set[str]:
    lines = (PROJECT / name).read_text().splitlines()
    return {re.split(r"[<>=]", line)[0].lower() for line in lines if line and not line.startswith(("-", "#"))}


def test_every_dependency_says_what_it_is_for():
    text = (PROJECT / "docs" / "dependencies.md").read_text().lower()
    named = {name for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for name in re.split(r",? ", row)}
    assert requirements("requirements.in") | requirements("requirements-dev.in") <= named


def test_the_changelog_has_the_project_s_version_or_says_unreleased():
    headings = re.findall(r"^## \[(.+?)\]", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings
    assert headings[0] == "Unreleased" or re.fullmatch(r"\d+\.\d+\.\d+", headings[0])


def test_every_test_that_the_threat_model_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (PROJECT / "docs" / "threat-model.md").read_text())
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (PROJECT / file).read_text()]
    assert missing == []
