"""What every page of the editors' desk builds on: the theme's classes with complete types, and read-only facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import ModelForm
else:
    from django import forms
    from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
    from django.contrib.admin.views.main import SEARCH_VAR
    from unfold.admin import ModelAdmin as ThemedModelAdmin
    from unfold.admin import TabularInline as ThemedTabularInline

    class ModelAdmin(ThemedModelAdmin):
        """The theme's ModelAdmin, which type checkers know as Django's generic one."""

        compressed_fields = True
        list_per_page = 50
        warn_unsaved_form = True

        def __class_getitem__(cls, _model: Any) -> type:
            return cls

        def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
            """Django checks the words of a search, but trusts filters and choices to be what its own page offered."""
            filters = [values for name, values in request.GET.lists() if name != SEARCH_VAR]
            if any("\0" in value for values in filters for value in values):
                raise BadRequest("PostgreSQL stores no NUL, so nothing here has one.")
            if not all(_is_number(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
                raise BadRequest("Rows are chosen by their number.")
            return super().changelist_view(request, extra_context)

    class TabularInline(ThemedTabularInline):
        def __class_getitem__(cls, _models: Any) -> type:
            return cls

    class ModelForm(forms.ModelForm):
        def __class_getitem__(cls, _model: Any) -> type:
            return cls


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit()


class Facts:
    """Rows that record what happened: nobody adds, changes or deletes them by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


__all__ = ["Facts", "ModelAdmin", "ModelForm", "TabularInline"]
