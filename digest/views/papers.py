"""`/papers/<id>`: one paper, for those that have no page elsewhere, and for abstracts that mails cut short."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from digest.models import Paper
from digest.views import stories

LARGEST_ID = 2**63 - 1  # what a database can be asked for


@require_safe
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper as readers may see it; one that was merged into another leads there."""
    if pk > LARGEST_ID:
        raise Http404
    target = Paper.objects.filter(pk=pk).values_list("merged_into", flat=True).first()
    if target:
        return redirect("digest:paper", target)
    shown = get_object_or_404(Paper.objects.showable().prefetch_related("signals"), pk=pk)
    return render(request, "digest/paper.html", {"story": stories.from_paper(shown)})
