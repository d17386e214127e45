"""`/healthz`: whether this process can answer readers, with its database and its pages; says little to anyone."""

from __future__ import annotations

import logging

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

logger = logging.getLogger(__name__)

COLLECT = "Run manage.py collectstatic --noinput, then restart the web server, which reads their list when it starts."


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 "ok", or 503 "unwell" and, unless it is the database's, the reason; the log has the rest."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer")
        return _unwell("unwell\n")
    if not has_static_files():
        logger.error("Static files are not collected, so that pages answer 500. %s", COLLECT)
        return _unwell("unwell: static files are not collected\n")
    return HttpResponse("ok\n", content_type="text/plain")


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


def _unwell(text: str) -> HttpResponse:
    return HttpResponse(text, status=503, content_type="text/plain")
