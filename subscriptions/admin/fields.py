"""Form fields for lists of words: one to a line or separated by commas, never raw JSON."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z]+(-[A-Za-z]+)*)?")
PHRASE_LENGTH = 80


class WordsField(forms.CharField):
    """Text in, list of distinct phrases out, in the order they were typed."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return list(dict.fromkeys(filter(None, (" ".join(part.split()) for part in re.split(r"[,\n]", text)))))

    def validate(self, value: Any) -> None:
        super().validate(value)
        for phrase in value:
            self.check_phrase(phrase)

    def run_validators(self, value: Any) -> None:
        """The text's validators know strings only; `validate` has looked at every phrase."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))

    def check_phrase(self, phrase: str) -> None:
        if len(phrase) > PHRASE_LENGTH:
            raise ValidationError(f"“{phrase[:40]}…” is longer than {PHRASE_LENGTH} characters.")
        if "*" in phrase or "?" in phrase:
            raise ValidationError(f"“{phrase}”: wildcards are not understood, only plain words and phrases.")


class CategoriesField(WordsField):
    """arXiv categories such as cs.RO, stat.ML, astro-ph.GA or quant-ph."""

    def check_phrase(self, phrase: str) -> None:
        if not CATEGORY.fullmatch(phrase):
            raise ValidationError(f"“{phrase}” does not look like an arXiv category such as cs.RO or quant-ph.")
