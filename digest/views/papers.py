"""`/papers/<id>`: one paper, what is like it, and how to cite it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from digest import bibtex, search
from digest.models import Paper
from digest.views import stories

LARGEST_ID = 2**63 - 1  # what a database can be asked for
SIMILAR = 5


@require_safe
@cache_control(public=True, max_age=60)
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper as readers may see it; one that was merged into another leads there."""
    if target := merged_into(pk):
        return redirect("digest:paper", target)
    shown = get_object_or_404(Paper.objects.showable().prefetch_related("signals"), pk=pk)
    near = search.similar(pk, SIMILAR)
    papers = Paper.objects.showable().in_bulk(near)
    context = {
        "story": stories.from_paper(shown),
        "bibtex": bibtex.bibtex(shown),
        "similar": [papers[each] for each in near if each in papers],
    }
    return render(request, "digest/paper.html", context)


@require_safe
def bib(request: HttpRequest, pk: int) -> HttpResponse:
    """Its BibTeX entry as a file."""
    if target := merged_into(pk):
        return redirect("digest:bibtex", target)
    shown = get_object_or_404(Paper.objects.showable(), pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="{bibtex.key(shown)}.bib"'}
    return HttpResponse(bibtex.bibtex(shown), content_type="application/x-bibtex; charset=utf-8", headers=headers)


def merged_into(pk: int) -> int | None:
    if pk > LARGEST_ID:
        raise Http404
    return Paper.objects.filter(pk=pk).values_list("merged_into", flat=True).first()
