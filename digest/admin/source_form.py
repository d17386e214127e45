"""A source as editors write it down: its kind is one of the formats there are."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from digest.ingestion.visits import LABELS
from digest.models import Source
from subscriptions.admin.base import ModelForm


def label(kind: str) -> str:
    """What people call it; one that is no longer known, by its own name."""
    return LABELS.get(kind, kind.replace("_", " "))


class SourceForm(ModelForm[Source]):
    """`kind` is chosen from the adapters there are."""

    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget())
    url = forms.URLField(max_length=1000, assume_scheme="https", widget=UnfoldAdminURLInputWidget())

    class Meta:
        model = Source
        fields = ["name", "slug", "kind", "url", "is_enabled", "interval_minutes"]
        labels = {"is_enabled": "Visit this source", "interval_minutes": "Minutes between visits"}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        kinds = sorted({*LABELS, *([self.instance.kind] if self.instance.pk else [])})
        field = self.fields["kind"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(kind, label(kind)) for kind in kinds]
