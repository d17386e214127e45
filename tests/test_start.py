"""Commands and workers start without the editors' desk, which comes with the pages, and nothing with what few need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.checks import Error

from config import checks

ROOT = Path(__file__).parents[1]
CODE = """
import sys, django
django.setup()
assert "digest.admin" not in sys.modules, "before"
from django.urls import reverse
assert reverse("admin:digest_source_changelist") and "digest.admin" in sys.modules, "after"
heavy = {"anymail.urls", "svix", "boto3", "sklearn", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_desk_is_loaded_with_the_urls_and_what_is_heavy_not_even_then() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""}
    subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=environment, check=True)


def test_its_pages_are_checked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site, "check", lambda app_configs: [Error("a mistake")])
    assert checks.desk(None) == [Error("a mistake")]
