"""`/`: the sign-up form above what is trending now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from digest import editions, queries
from digest.views import stories
from subscriptions.forms import SignUpForm, consent_text

PAPERS_SHOWN = 15


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The newest daily edition as everyone gets it; before there is one, what the community likes."""
    edition = queries.newest_daily()
    if edition:
        shown = stories.from_ranking(editions.ranked_entries(edition, limit=PAPERS_SHOWN))
    else:
        shown = stories.from_papers(queries.trending_papers(timezone.now(), PAPERS_SHOWN))
    context = {"edition": edition, "stories": shown, "form": SignUpForm(), "consent_text": consent_text()}
    return render(request, "digest/landing.html", context)
