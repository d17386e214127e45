"""Whether stylesheets and scripts are where pages look for them; read by every command, so it imports little."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage

COLLECT = "Run manage.py collectstatic --noinput, then restart the web server, which reads their list when it starts."


def has_static_files() -> bool:
    """Whether this process knows where stylesheets and scripts are served; without DEBUG pages fail if it does not."""
    return not isinstance(staticfiles_storage, ManifestStaticFilesStorage) or bool(staticfiles_storage.hashed_files)


def static_files_trouble() -> str:
    """What collectstatic has still to do, after an install or an upgrade; empty if nothing, as always with DEBUG."""
    missing = _uncollected()
    if not missing:
        return ""
    return f"Static files are not collected: {len(missing)}, such as {missing[0]}. Pages that use them answer 500."


def _uncollected() -> list[str]:
    if not isinstance(staticfiles_storage, ManifestStaticFilesStorage):
        return []
    names = {name for finder in get_finders() for name, _ in finder.list(StaticFilesConfig.ignore_patterns)}
    return sorted(names - set(staticfiles_storage.hashed_files))
