"""An edition's rows in, a compiled edition out: the papers, the editors' words and the newest signals, read at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from digest.errors import DeliveryError
from digest.models import Edition, EditionPaper, Paper, Signal, SignalKind
from digest.rendering import templates
from digest.rendering.edition import CompiledEdition, compile_facts
from digest.rendering.facts import EditionFacts, PaperFacts
from subscriptions import links
from subscriptions.models import Topic


def compile_edition(edition: Edition, paper_ids: Collection[int]) -> CompiledEdition:
    """Render every paper's card and the layout once. Four queries; DeliveryError where a paper does not exist."""
    templates.signature()  # so that a template mended since is read anew
    return compile_facts(edition_facts(edition), paper_facts(edition, list(dict.fromkeys(paper_ids))), topic_names())


def edition_facts(edition: Edition) -> EditionFacts:
    return EditionFacts(edition.kind, edition.date, edition.note, edition.missing)


def topic_names() -> dict[str, str]:
    return dict(Topic.objects.values_list("slug", "name"))


def paper_facts(edition: Edition, paper_ids: Sequence[int]) -> list[PaperFacts]:
    """The papers in the order asked for, with the edition's blurbs and the newest count of each signal."""
    rows = Paper.objects.in_bulk(paper_ids)
    if missing := [paper_id for paper_id in paper_ids if paper_id not in rows]:
        raise DeliveryError(f"No such paper: {', '.join(map(str, missing[:5]))}")
    entries = EditionPaper.objects.filter(edition=edition, paper__in=paper_ids).exclude(blurb="")
    blurbs = dict(entries.values_list("paper_id", "blurb"))
    signals = _newest_signals(paper_ids)
    return [_facts(rows[paper_id], blurbs.get(paper_id, ""), signals) for paper_id in paper_ids]


def _newest_signals(paper_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    rows = Signal.objects.filter(paper__in=paper_ids).order_by("observed_on")
    return {(paper_id, kind): value for paper_id, kind, value in rows.values_list("paper_id", "kind", "value")}


def _facts(paper: Paper, blurb: str, signals: Mapping[tuple[int, str], int]) -> PaperFacts:
    return PaperFacts(
        id=paper.pk,
        title=paper.title,
        abstract=paper.abstract,
        authors=tuple(map(str, paper.authors)),
        url=paper.url,
        page_url=links.site_url(f"/papers/{paper.pk}"),
        code_url=paper.code_url,
        project_url=paper.project_url,
        label=paper.field,
        published_on=paper.published_at.date() if paper.published_at else None,
        upvotes=signals.get((paper.pk, SignalKind.UPVOTES), 0),
        stars=signals.get((paper.pk, SignalKind.STARS), 0),
        blurb=blurb,
        is_sample=paper.is_sample,
    )
