"""`/healthz`: whether this process and its database answer; says nothing else to anyone."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

logger = logging.getLogger(__name__)


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 "ok", or 503 "unwell" while the database does not answer; the reason goes to the log alone."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer")
        return HttpResponse("unwell\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
