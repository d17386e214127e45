"""`/v/<token>/<paper>/more` and `/less`: a reader's word on a paper, by a link from their digest.

GET shows what would change, POST does it. The page tells whoever a mail was forwarded to nothing about the reader but
why this paper was in it, which the mail says as well.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from digest import interests
from digest.errors import InterestError
from digest.interests import Done
from digest.interests.why import Parts
from digest.models import Paper
from digest.views import stories
from digest.views.papers import LARGEST_ID, merged_into
from subscriptions import visitors
from subscriptions.models import Subscriber
from subscriptions.tokens import Purpose
from subscriptions.views import personal

WHICH = ("more", "less")
TOO_MUCH = "You have changed a great deal within this hour. Please go on in the next one."


@personal(Purpose.VOTE, "GET", "HEAD", "POST")
def vote(request: HttpRequest, reader: Subscriber, paper_id: int, which: str) -> HttpResponse:
    """The paper, why it was chosen, and the buttons."""
    if which not in WHICH or paper_id > LARGEST_ID:
        raise Http404
    target = merged_into(paper_id)
    if target and request.method != "POST":
        return redirect("digest:vote", request.path.split("/")[2], target, which)
    paper = Paper.objects.showable().prefetch_related("signals").filter(pk=target or paper_id).first()
    if paper is None:
        return render(request, "digest/vote_gone.html", status=404)
    parts = interests.parts_in_digest(reader, paper)
    allowed = interests.allowed(reader, paper, parts)
    allowed |= {f"{verb}:{paper_id}" for verb in (*WHICH, "withdraw")}  # a page that was open while it was merged
    done, error = _acted(request, reader, allowed) if request.method == "POST" else (None, "")
    context = {**_facts(reader, paper, which, parts), "done": done, "error": error, "page_path": request.path}
    status = (429 if error == TOO_MUCH else 422) if error else 200
    return render(request, "digest/vote.html", context, status=status)


def _acted(request: HttpRequest, reader: Subscriber, allowed: Collection[str]) -> tuple[Done | None, str]:
    if not visitors.may_change(reader.pk):
        return None, TOO_MUCH
    try:
        return interests.act(reader, request.POST.get("do", "")[:300], timezone.now(), allowed), ""
    except InterestError as error:
        return None, str(error)


def _facts(reader: Subscriber, paper: Paper, which: str, parts: Parts) -> dict[str, Any]:
    cast = interests.vote_of(reader, paper)
    labels = {"more": "More like this", "less": "Less like this"}
    other = WHICH[which == "more"]
    return {
        "paper_key": str(paper.pk),
        "press": labels[which],
        "press_other": labels[other],
        "story": stories.from_paper(paper),
        "which": which,
        "other": other,
        "from_when": interests.from_when(reader),
        "vote": cast,
        "voted": WHICH[not cast.wants_more] if cast else "",
        "reasons": interests.reasons(reader, parts),
    }
