"""Takes failed sign-ins to the desk, says when a place has failed too often and what it is told then.

Counted are places (`subscriptions.visitors.place`), never names alone: whoever knows an editor's name could otherwise
keep that editor out from anywhere.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# A place may fail this many times as often as one name from it: colleagues share an address, and so do a list of names
# and the one who tries them all.
NAMES_PER_PLACE = 3


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]  # no types upstream
    """Two limits at once: AXES_FAILURE_LIMIT for a name at a place, NAMES_PER_PLACE times that for the place."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The count that AXES_FAILURE_LIMIT is compared with."""
        for_name, for_place = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        count: int = max(for_name, for_place // NAMES_PER_PLACE)
        return count


def refuse(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page in place of the sign-in's own answer."""
    seconds = int(get_cool_off(request).total_seconds())
    answer = render(request, "429.html", {"minutes": seconds // 60}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
