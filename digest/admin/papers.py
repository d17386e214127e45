"""Papers at the editors' desk: found by title, author or id; hidden from readers or shown again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from digest import interests, search, tex
from digest.admin import merges
from digest.admin.display import chip, cut, flat, names, plural
from digest.admin.merges import FactInline, IdentifierInline, MergeInline
from digest.models import Listing, Paper, Signal, SignalKind
from subscriptions.admin.base import Facts, ModelAdmin, TabularInline


class ListingInline(Facts, TabularInline[Listing, Paper]):
    model = Listing
    fields = ["source", "listed_on", "first_seen_at"]
    verbose_name_plural = "Where it was listed"
    hide_title = True
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        return super().get_queryset(request).select_related("source")


class SignalInline(Facts, TabularInline[Signal, Paper]):
    model = Signal
    fields = ["observed_on", "kind", "value"]
    ordering = ["-observed_on", "kind"]
    verbose_name_plural = "Signals, day by day"
    hide_title = True
    per_page = 30
    tab = True


class VisibilityFilter(admin.SimpleListFilter):
    title = "what readers see"
    parameter_name = "visibility"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Paper]) -> list[tuple[str, str]]:
        return [("shown", "Shown"), ("hidden", "Hidden"), ("withdrawn", "Withdrawn"), ("merged", "Merged into another")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Paper]) -> QuerySet[Paper]:
        conditions = {
            "shown": Q(is_hidden=False, withdrawn_at__isnull=True, merged_into__isnull=True),
            "hidden": Q(is_hidden=True),
            "withdrawn": Q(withdrawn_at__isnull=False),
            "merged": Q(merged_into__isnull=False),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


class LanguageFilter(admin.SimpleListFilter):
    title = "language"
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Paper]) -> list[tuple[str, str]]:
        return [("en", "English"), ("other", "Another language"), ("unclear", "Not clear")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Paper]) -> QuerySet[Paper]:
        conditions = {"en": Q(language="en"), "other": ~Q(language__in=["en", ""]), "unclear": Q(language="")}
        return queryset.filter(conditions.get(self.value() or "", Q()))


@admin.register(Paper)
class PaperAdmin(ModelAdmin[Paper]):
    list_display = ["short_title", "identity", "field", "upvotes", "first_seen_at", "visibility"]
    list_filter = [VisibilityFilter, LanguageFilter, "is_sample", "listings__source"]
    search_fields = ["arxiv_id__startswith", "doi__iexact"]  # and words: see `get_search_results`
    search_help_text = "Words, author:name, category:cs.LG, year:2026, an arXiv id or a DOI"
    date_hierarchy = "first_seen_at"
    actions = ["hide_papers", "show_papers"]
    inlines = [ListingInline, SignalInline, FactInline, IdentifierInline, MergeInline]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["is_hidden", "shown_title", "author_list", "shown_abstract", "language"]}),
        ("Identity", {"fields": [("arxiv_id", "version"), "doi", "category_list", "merged_link"]}),
        ("Links", {"fields": ["link", "code_url", "project_url"]}),
        ("More", {"fields": ["shown_comment", "journal_reference", "license_url"], "classes": ["collapse"]}),
        ("Dates", {"fields": [("published_at", "first_seen_at"), ("updated_at", "withdrawn_at")]}),
        ("Readers", {"fields": ["votes_by_link"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Paper | None = None) -> list[str]:
        """What came from the sources is theirs to correct; the editors' word is whether readers see it."""
        fields = [name for _, options in self.fieldsets or [] for name in flat(options["fields"])]
        return [name for name in fields if name != "is_hidden"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Paper]:
        votes = Signal.objects.filter(paper=OuterRef("pk"), kind=SignalKind.UPVOTES).order_by("-observed_on")
        papers = super().get_queryset(request).select_related("merged_into")
        return papers.annotate(votes=Subquery(votes.values("value")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paper], search_term: str
    ) -> tuple[QuerySet[Paper], bool]:
        """As the site's search finds them, and those that readers may not see."""
        if not search_term:
            return queryset, False
        found = Q(pk__in=search.find(search.parse(search_term), is_public=False).papers)
        if " " not in search_term.strip():
            found |= Q(arxiv_id__startswith=search_term) | Q(doi__iexact=search_term)
            found |= Q(primary_category__iexact=search_term)
        return queryset.filter(found), False

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(merges.part)
        return [path("merge/<int:pk>/undo/", view, name="digest_paper_part"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Paper | None = None) -> bool:
        """Stored digests name papers for ever: a paper is hidden, never deleted."""
        return False

    @admin.action(description="Hide from readers", permissions=["change"])
    def hide_papers(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._set_hidden(request, queryset, hidden=True)

    @admin.action(description="Show to readers again", permissions=["change"])
    def show_papers(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._set_hidden(request, queryset, hidden=False)

    def _set_hidden(self, request: HttpRequest, queryset: QuerySet[Paper], *, hidden: bool) -> None:
        ids = list(queryset.exclude(is_hidden=hidden).values_list("pk", flat=True))
        count = Paper.objects.filter(pk__in=ids).update(is_hidden=hidden)
        message = "Hidden from readers" if hidden else "Shown to readers again"
        for paper in Paper.objects.filter(pk__in=ids):
            self.log_change(request, paper, message)
        self.message_user(request, f"{message}: {plural(count, 'paper')}.")

    @admin.display(description="Title", ordering="title")
    def short_title(self, paper: Paper) -> SafeString:
        lines = '<span class="desk-title">{}</span><span class="desk-under">{}</span>'
        return format_html(lines, cut(tex.readable(paper.title), 110), cut(names(paper.authors), 90))

    @admin.display(description="Id", ordering="arxiv_id")
    def identity(self, paper: Paper) -> str:
        return paper.arxiv_id or paper.doi or "by title"

    @admin.display(description="Field", ordering="primary_category")
    def field(self, paper: Paper) -> str:
        return paper.field

    @admin.display(description="Upvotes", ordering="votes", empty_value="")
    def upvotes(self, paper: Paper) -> int | None:
        return getattr(paper, "votes", None)

    @admin.display(description="Readers see it")
    def visibility(self, paper: Paper) -> SafeString:
        if paper.is_hidden:
            return chip("warm", "Hidden")
        if paper.withdrawn_at:
            return chip("bad", "Withdrawn")
        if paper.merged_into_id:
            return chip("calm", "Merged")
        return chip("calm", "Sample") if paper.is_sample else chip("good", "Shown")

    @admin.display(description="Title")
    def shown_title(self, paper: Paper) -> str:
        return tex.readable(paper.title)

    @admin.display(description="Abstract")
    def shown_abstract(self, paper: Paper) -> str:
        return tex.readable(paper.abstract)

    @admin.display(description="Comment")
    def shown_comment(self, paper: Paper) -> str:
        return tex.readable(paper.comment)

    @admin.display(description="Authors")
    def author_list(self, paper: Paper) -> str:
        return cut(", ".join(paper.authors), 3000)

    @admin.display(description="Categories")
    def category_list(self, paper: Paper) -> str:
        return ", ".join(paper.categories) or paper.primary_category

    @admin.display(description="Page")
    def link(self, paper: Paper) -> SafeString | str:
        return format_html('<a href="{0}" rel="noreferrer" target="_blank">{0}</a>', paper.url) if paper.url else "–"

    @admin.display(description="Votes by link")
    def votes_by_link(self, paper: Paper) -> str:
        more, less = interests.counted([paper.pk]).get(paper.pk, (0, 0))
        return f"{more:,} more, {less:,} less" if more or less else "–"

    @admin.display(description="Merged into")
    def merged_link(self, paper: Paper) -> SafeString | str:
        if paper.merged_into is None:
            return "–"
        url = reverse("admin:digest_paper_change", args=[paper.merged_into.pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', url, paper.merged_into)
