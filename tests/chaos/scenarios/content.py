"""Faults of ours: a template that breaks."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.chaos.audit import Expected
from tests.chaos.site import Site
from tests.services import PROJECT

CODE = ("config", "digest", "subscriptions", "static", "templates", "manage.py")


def template_broken(site: Site) -> Expected:
    """A new version with a broken template is started in the middle of an edition; then the template is mended."""
    usual, site.code = site.code, _copy(site.folder / "version")
    try:
        _break_and_mend(site, _template(site.code))
    finally:
        site.stop("sender")
        site.code = usual
    return Expected()


def _break_and_mend(site: Site, template: Path) -> None:
    site.sink.behaviour.latency = 0.04
    site.start()
    site.make_due()
    site.wait_for_mail(30)
    site.stop("sender")
    assert not site.is_over(), "everything was sent before the new version came"
    good = template.read_text()
    template.write_text(good + "{% nonsense %}")
    site.start()
    site.wait("the edition waits", lambda: site.rows("SELECT 1 FROM digest_breaker WHERE scope LIKE 'edition:%%'"))
    site.wait("its rows say why", lambda: site.count("state = 'queued' AND detail LIKE '%%cannot be composed%%'"))
    template.write_text(good)
    site.finish()


def _copy(folder: Path) -> Path:
    if not folder.exists():
        folder.mkdir()
        for name in CODE:
            source, target = PROJECT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
    return folder


def _template(code: Path) -> Path:
    """The HTML body of a digest."""
    (found,) = (code / "templates").glob("email/digest/body.html")
    return found
