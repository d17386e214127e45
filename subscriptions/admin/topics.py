"""Topics at the editors' desk: what readers can choose, and what papers about it look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.forms import BaseModelFormSet
from django.http import HttpRequest

from subscriptions.admin.base import ModelAdmin, ModelForm
from subscriptions.admin.fields import CategoriesField, WordsField
from subscriptions.models import SubscriberStatus, Topic


class TopicForm(ModelForm[Topic]):
    categories = CategoriesField(help_text="arXiv categories, one to a line or separated by commas: cs.RO, stat.ML")
    keywords = WordsField(help_text="Words and phrases, one to a line or separated by commas; no wildcards")

    class Meta:
        model = Topic
        fields = ["name", "slug", "description", "categories", "keywords", "position", "is_active"]


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
        ("What its papers look like", {"fields": ["categories", "keywords"]}),
    ]

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
