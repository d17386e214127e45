"""What every page of the editors' desk builds on: the theme's classes with complete types, and read-only facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import ModelForm
else:
    from django import forms
    from unfold.admin import ModelAdmin as ThemedModelAdmin
    from unfold.admin import TabularInline as ThemedTabularInline

    class ModelAdmin(ThemedModelAdmin):
        """The theme's ModelAdmin, which type checkers know as Django's generic one."""

        compressed_fields = True
        list_per_page = 50
        warn_unsaved_form = True

        def __class_getitem__(cls, _model: Any) -> type:
            return cls

    class TabularInline(ThemedTabularInline):
        def __class_getitem__(cls, _models: Any) -> type:
            return cls

    class ModelForm(forms.ModelForm):
        def __class_getitem__(cls, _model: Any) -> type:
            return cls


class Facts:
    """Rows that record what happened: nobody adds, changes or deletes them by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


__all__ = ["Facts", "ModelAdmin", "ModelForm", "TabularInline"]
