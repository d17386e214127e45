"""Topics at the editors' desk: what readers can choose, what papers about it look like, what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.forms import BaseModelFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from digest import search
from digest.editions import effect
from digest.learning import about
from digest.models import Paper
from subscriptions.admin.base import ModelAdmin, ModelForm
from subscriptions.admin.fields import CategoriesField, WordsField
from subscriptions.models import SubscriberStatus, Topic

# What papers about it look like: a change of these is a change of the topic.
LOOKS = ("name", "description", "categories", "keywords", "exclusions", "seeds", "is_active")
MOST_SEEDS = 100
FOUND = 8


class SeedsField(WordsField):
    """arXiv ids, DOIs or addresses in, the names of stored papers out."""

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(about.seed_name(each) or each for each in super().to_python(value)))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST_SEEDS:
            raise ValidationError(f"More than {MOST_SEEDS} papers are not needed.")
        known = about.seed_papers(value)
        unknown = [each for each in value if each not in known]
        if unknown:
            raise ValidationError(f"Not among the stored papers: {', '.join(unknown)[:300]}.")

    def check_phrase(self, phrase: str) -> None:
        """Every phrase is looked for."""


class TopicForm(ModelForm[Topic]):
    categories = CategoriesField(help_text="arXiv categories, one to a line or separated by commas: cs.RO, stat.ML")
    keywords = WordsField(help_text="Words and phrases, one to a line or separated by commas; without any, the name")
    exclusions = WordsField(help_text="Words, phrases and categories: a paper that has one is not about it")
    seeds = SeedsField(label="Seed papers", help_text="Papers about it: arXiv ids, DOIs or addresses, one to a line")

    class Meta:
        model = Topic
        fields = [
            "name",
            "slug",
            "description",
            "categories",
            "keywords",
            "exclusions",
            "seeds",
            "position",
            "is_active",
        ]


@admin.register(Topic)
class TopicAdmin(ModelAdmin[Topic]):
    form = TopicForm
    list_display = ["name", "description", "category_list", "keyword_count", "reader_count", "position", "is_active"]
    list_display_links = ["name"]
    list_editable = ["position", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug", "description"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "description", ("position", "is_active")]}),
        ("What its papers look like", {"fields": [("categories", "keywords"), ("exclusions", "seeds"), "more_seeds"]}),
        ("What that would have changed in the last week", {"fields": ["gained_and_lost"]}),
    ]
    readonly_fields = ["more_seeds", "gained_and_lost"]

    class Media:
        js = ["admin/topic.js"]

    def get_urls(self) -> list[URLPattern]:
        views = [
            path("effect/", self.admin_site.admin_view(require_POST(self.effect_view)), name="topic_effect"),
            path("papers/", self.admin_site.admin_view(require_safe(self.papers_view)), name="topic_papers"),
        ]
        return [*views, *super().get_urls()]

    def effect_view(self, request: HttpRequest) -> HttpResponse:
        """What the form as it stands would change; nothing is saved. `topic` is the one being changed, if any."""
        pk = request.GET.get("topic", "")
        topic = get_object_or_404(Topic, pk=int(pk)) if pk.isascii() and pk.isdigit() and len(pk) < 10 else None
        if not (self.has_change_permission(request, topic) if topic else self.has_add_permission(request)):
            raise PermissionDenied
        before = about.profile(topic) if topic else None
        form = TopicForm(request.POST, instance=topic)
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            after = about.profile(form.save(commit=False))
            context |= {"effect": effect.of_change(before, after, timezone.now()), "is_new": topic is None}
        return TemplateResponse(request, "digest/_topic_effect.html", context)

    def papers_view(self, request: HttpRequest) -> HttpResponse:
        """Stored papers that a search finds, to be taken as seeds."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        found = search.find(search.parse(request.GET.get("q", "")[:300]), is_public=False).papers[:FOUND]
        papers = Paper.objects.in_bulk(found)
        named = [(papers[pk], name) for pk in found if pk in papers and (name := about.seed_name_of(papers[pk]))]
        return TemplateResponse(request, "digest/_topic_papers.html", {"papers": named})

    def save_model(self, request: HttpRequest, obj: Topic, form: Any, change: bool) -> None:
        if set(LOOKS) & set(form.changed_data):
            obj.changed_at = timezone.now()
        super().save_model(request, obj, form, change)

    @admin.display(description="Find seed papers")
    def more_seeds(self, topic: Topic) -> SafeString:
        return render_to_string("digest/_topic_seeds.html", {"url": reverse("admin:topic_papers")})

    @admin.display(description="Gained and lost")
    def gained_and_lost(self, topic: Topic) -> SafeString:
        query = f"?topic={topic.pk}" if topic.pk else ""
        return render_to_string("digest/_topic_change.html", {"url": reverse("admin:topic_effect") + query})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        active = Q(subscribers__status=SubscriberStatus.ACTIVE)
        return super().get_queryset(request).annotate(active_readers=Count("subscribers", filter=active))

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> type[BaseModelFormSet[Topic, Any]]:
        """The fields within the list get names of their own: the table's head names them to the eye alone."""
        formset: type[BaseModelFormSet[Topic, Any]] = super().get_changelist_formset(request, **kwargs)
        for name in self.list_editable:
            field = formset.form.base_fields[name]
            field.widget.attrs["aria-label"] = str(field.label)
        return formset

    def get_prepopulated_fields(self, request: HttpRequest, obj: Topic | None = None) -> dict[str, Sequence[str]]:
        """Only a new topic's slug follows its name: links and stored digests speak of the old one."""
        return {"slug": ["name"]} if obj is None else {}

    @admin.display(description="Categories")
    def category_list(self, topic: Topic) -> str:
        return ", ".join(topic.categories)

    @admin.display(description="Keywords")
    def keyword_count(self, topic: Topic) -> int:
        return len(topic.keywords)

    @admin.display(description="Readers", ordering="active_readers")
    def reader_count(self, topic: Topic) -> int:
        return int(getattr(topic, "active_readers", 0))
