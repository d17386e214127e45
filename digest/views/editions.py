"""`/editions/`: what has been published, and each edition as a page."""

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from digest import queries
from digest.editions import ranked_entries
from digest.models import EditionKind
from digest.views import stories

EDITIONS_PER_PAGE = 60
PAPERS_PER_PAGE = 25


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """Every published edition, newest first."""
    page = Paginator(queries.published_editions(), EDITIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "digest/archive.html", {"page": page})


@require_safe
def edition(request: HttpRequest, kind: str, day: str) -> HttpResponse:
    """One published edition in its general order; an open one is not to be seen."""
    if kind not in EditionKind.values:
        raise Http404
    issue = get_object_or_404(queries.published_editions(), kind=kind, date=_date(day))
    page = Paginator(ranked_entries(issue), PAPERS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"edition": issue, "page": page, "stories": stories.from_ranking(page.object_list)}
    return render(request, "digest/edition.html", context)


def _date(day: str) -> date:
    """The day of an address; each edition has one address, so other spellings of a date are not taken."""
    try:
        issue = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if issue.isoformat() != day:
        raise Http404
    return issue
