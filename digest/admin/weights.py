"""What the parts of a score count: other weights are tried on the editions of a week before they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from digest.admin.display import cut, plural
from digest.editions import weights as weighing
from digest.models import Edition, Paper, RankingWeights
from digest.ranking import WEIGHTS, Weights
from digest.selection import again
from digest.selection.again import Change, Voted

TRIED_DAYS = 7
# Digests of an edition, spread evenly: a press is answered in a second or two, however many readers there are.
DIGESTS_TRIED = 400
MOVED_SHOWN = 8
VERSIONS_SHOWN = 5
TITLE_SHOWN = 110
MOST = 2.0
LABELS = {
    "topic": ("A followed topic", "for a paper that is all about it"),
    "interest": ("An interest", "for a paper just like it"),
    "trend": ("Trending now", "for a paper that trends as much as can be"),
    "prediction": ("Likely to trend", "for a paper that is sure to, as predicted"),
    "pin": ("An editor’s pin", ""),
    "general": ("The topic, where none is followed", "for a paper that is all about one"),
    "away": ("Voted down", "lost by a paper just like what the reader voted down"),
    "day": ("Age", "lost for each day, by papers that fill a thin digest"),
}


class WeightsForm(forms.Form):
    """Each weight by the name that `ranking.score.Weights` gives it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (label, about) in LABELS.items():
            field = forms.FloatField(label=label, help_text=about, min_value=0, max_value=MOST, step_size=0.01)
            field.widget.attrs["inputmode"] = "decimal"
            self.fields[name] = field

    def wanted(self) -> Weights:
        return replace(WEIGHTS, **{name: self.cleaned_data[name] for name in LABELS})


@dataclass(frozen=True, slots=True)
class Bar:
    """An edition that was tried: `stay` of a hundred papers stay where they are."""

    edition: Edition
    change: Change
    stay: int

    @property
    def words(self) -> str:
        digests = plural(self.change.digests, "digest")
        return f"{self.stay} % of the papers stay; {self.change.other_first:,} of {digests} begin with another"


class Moved(NamedTuple):
    """A paper that would come into so many `digests`, or leave them; `width` of a hundred is that of its bar."""

    paper: Paper | None
    title: str
    digests: int
    width: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What other weights would have changed in a week."""

    bars: Sequence[Bar]
    came: Sequence[Moved]
    left: Sequence[Moved]
    votes: Sequence[tuple[str, Voted]]
    of_other_rules: int

    @property
    def digests(self) -> int:
        return sum(bar.change.digests for bar in self.bars)


class Version(NamedTuple):
    row: RankingWeights
    differs: str


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """GET tries the weights in the address, and changes nothing; POST uses them."""
    if not request.user.has_perm("digest.change_edition"):
        raise PermissionDenied
    held, shipped = weighing.newest(), _values(WEIGHTS)
    sent = request.POST if request.method == "POST" else request.GET
    is_asked = any(name in sent for name in LABELS)
    form = WeightsForm(sent) if is_asked or request.method == "POST" else WeightsForm(initial=_values(held))
    wanted = form.wanted() if form.is_bound and form.is_valid() else None
    if request.method == "POST" and wanted:
        return _use(request, wanted, held)
    context = {
        "title": "What counts how much",
        "form": form,
        "is_other": bool(wanted and wanted != held),
        "picture": picture(wanted, timezone.now()) if wanted else None,
        "versions": list(_versions()),
        "shipped": shipped if held != WEIGHTS else None,
    }
    return TemplateResponse(request, "digest/weights.html", {**admin.site.each_context(request), **context})


def picture(weights: Weights, now: datetime) -> Picture:
    """The editions of the last days, chosen again by other weights."""
    since = timezone.localdate(now) - timedelta(days=TRIED_DAYS)
    editions = Edition.objects.published().filter(date__gte=since).order_by("-date", "kind")
    tried = [(edition, again.what_if(edition, weights, DIGESTS_TRIED)) for edition in editions]
    bars = [_bar(edition, change) for edition, change in tried if change.digests]
    came = sum((change.came for _, change in tried), start=Counter[int]())
    left = sum((change.left for _, change in tried), start=type(Change().left)())
    most = max([*came.values(), *left.values()], default=1)
    more, less = Voted(), Voted()
    for _, change in tried:
        more, less = more.with_(change.more), less.with_(change.less)
    return Picture(
        bars,
        _moved(came.most_common(MOVED_SHOWN), most),
        _moved(left.most_common(MOVED_SHOWN), most),
        [(label, voted) for label, voted in (("more", more), ("less", less)) if voted.before or voted.after],
        sum(change.of_other_rules for _, change in tried),
    )


def _bar(edition: Edition, change: Change) -> Bar:
    return Bar(edition, change, round(100 * change.kept / change.papers) if change.papers else 100)


def _moved(counts: Sequence[tuple[int, int]], most: int) -> list[Moved]:
    papers = Paper.objects.in_bulk([pk for pk, _ in counts])
    return [
        Moved(
            papers.get(pk),
            cut(str(papers[pk]), TITLE_SHOWN) if pk in papers else "(deleted)",
            count,
            100 * count // most,
        )
        for pk, count in counts
    ]


def _use(request: HttpRequest, wanted: Weights, held: Weights) -> HttpResponse:
    if wanted == held:
        messages.info(request, "These are the weights in use: nothing was changed.")
    else:
        row = weighing.use(wanted, request.user)
        differs = _differs(_values(wanted), _values(held))
        LogEntry.objects.log_actions(int(request.user.pk or 0), [row], CHANGE, differs, single_object=True)
        messages.success(request, f"From now on: {differs}. What was published stays as it went out.")
    return redirect("admin:digest_edition_weights")


def _versions() -> Iterator[Version]:
    """The newest first, each beside the one before it."""
    rows = list(RankingWeights.objects.select_related("set_by").order_by("-pk")[: VERSIONS_SHOWN + 1])
    values = [*[_values(weighing.from_values(row.values)) for row in rows], _values(WEIGHTS)]
    for row, own, older in islice(zip(rows, values, values[1:], strict=False), VERSIONS_SHOWN):
        yield Version(row, _differs(own, older))


def _values(weights: Weights) -> dict[str, float]:
    return {name: getattr(weights, name) for name in LABELS}


def _differs(values: dict[str, float], older: dict[str, float]) -> str:
    """`Trending now 0.3 instead of 0.4, An interest 0.6 instead of 0.5`."""
    changed = [f"{LABELS[name][0]} {values[name]:g} instead of {older[name]:g}" for name in LABELS]
    return (
        ", ".join(text for name, text in zip(LABELS, changed, strict=True) if values[name] != older[name])
        or "as before"
    )
