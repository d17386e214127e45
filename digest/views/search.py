"""`/search/`: papers by words, phrases and filters. A GET with everything in its address; nothing is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from digest import search as papers_by_words
from digest.models import Paper
from digest.search import Found, excerpts
from digest.search.excerpts import Piece
from digest.search.query import LONGEST

PAGE = 20
NEW = "new"
EXAMPLES = (
    "meta reinforcement learning",
    '"diffusion policy" robots',
    "author:bengio year:2026",
    "category:cs.CL from:2026-03 -benchmark",
)


@dataclass(frozen=True, slots=True)
class Result:
    """A paper with what is to be marked in its title and abstract."""

    paper: Paper
    title: Sequence[Piece]
    excerpt: Sequence[Piece]


@require_safe
@cache_control(public=True, max_age=60)
def search(request: HttpRequest) -> HttpResponse:
    """What is asked, best or newest first; before anything is asked, how to."""
    text = "".join(each for each in request.GET.get("q", "")[:LONGEST] if each.isprintable() or each.isspace()).strip()
    query = papers_by_words.parse(text)
    by_date = request.GET.get("order") == NEW
    found = papers_by_words.find(query, by_date=by_date)
    page = Paginator(found.papers, PAGE).get_page(request.GET.get("page"))
    context = {
        "text": text, "query": query, "found": found, "page": page, "by_date": by_date, "examples": EXAMPLES,
        "results": results(list(page.object_list), found),
    }  # fmt: skip
    return render(request, "digest/search.html", context)


def results(ids: Sequence[int], found: Found) -> list[Result]:
    papers = Paper.objects.in_bulk(ids)
    shown = [papers[pk] for pk in ids if pk in papers]
    return [
        Result(paper, excerpts.marked(paper.title, found.words), excerpts.excerpt(paper.abstract, found.words))
        for paper in shown
    ]
