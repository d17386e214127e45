"""Takes what someone typed into a form, gives `Preferences` or words beside the field that needs another look."""

from collections.abc import Mapping, MutableMapping
from copy import copy
from functools import lru_cache
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from subscriptions import addresses
from subscriptions.clock import known_zones
from subscriptions.models import Abstracts, Frequency, Subscriber, Weekday
from subscriptions.queries import active_topics
from subscriptions.services import Preferences

CONSENT_VERSION = "2026-11"
MINIMUM_SECONDS = 2  # from the page to its form: people need longer, scripts do not wait
MAXIMUM_SECONDS = 24 * 3600
_STAMP_SALT = "subscriptions.forms.opened"

LENGTHS = [(5, "5 papers"), (10, "10 papers"), (15, "15 papers"), (20, "20 papers"), (30, "30 papers")]
SURPRISES = [(0, "nothing else"), (1, "a surprise near that")]
HOURS = [(hour, f"{hour}:00") for hour in range(24)]


def consent_text() -> str:
    """The words beside the button, kept with every sign-up; a change of meaning needs a new `CONSENT_VERSION`."""
    return f"Send me {settings.SITE_NAME} by email. I can change what I get, or leave, with one click in every mail."


class TimeZoneSelect(forms.Select):
    """A select of some 420 zones, grouped by region; written as one string, as a template for each takes 20 ms."""

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        opening = format_html_join("", ' {}="{}"', [(key, text) for key, text in attributes.items() if text])
        options = _zone_options()
        mark = format_html('<option value="{}">', chosen)
        if mark in options:
            options = SafeString(options.replace(mark, format_html('<option value="{}" selected>', chosen), 1))
        elif chosen in known_zones():  # an old alias
            alias = format_html('<option value="{}" selected>{}</option>', chosen, chosen.replace("_", " "))
            options = SafeString(alias + options)
        return format_html("<select{}>{}</select>", opening, options)


class PreferencesForm(forms.Form):
    """Topics and schedule. Give it the reader's `Preferences` as `current` to start from what they have."""

    topics = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "We do not have this topic (any more). Please choose from the list."},
    )
    frequency = forms.ChoiceField(label="How often", choices=Frequency.choices, required=False)
    delivery_weekday = forms.TypedChoiceField(label="On", choices=Weekday.choices, coerce=int, required=False)
    delivery_hour = forms.TypedChoiceField(label="At", choices=HOURS, coerce=int, required=False)
    time_zone = forms.CharField(label="Time zone", max_length=64, widget=TimeZoneSelect, required=False)
    digest_length = forms.TypedChoiceField(label="At most", choices=LENGTHS, coerce=int, required=False)
    abstracts = forms.ChoiceField(label="With", choices=Abstracts.choices, required=False)
    surprises = forms.TypedChoiceField(label="And", choices=SURPRISES, coerce=int, required=False)

    def __init__(self, *args: Any, current: Preferences | None = None, **kwargs: Any) -> None:
        self.current = current or Preferences(time_zone=settings.TIME_ZONE)
        kwargs.setdefault("initial", {}).update(
            {field: getattr(self.current, field) for field in Preferences.__dataclass_fields__}
        )
        super().__init__(*args, **kwargs)
        self._offer("topics", [(topic.slug, topic.name) for topic in active_topics()])
        length = self.current.digest_length
        if length not in dict(LENGTHS):
            self._offer("digest_length", sorted([*LENGTHS, (length, f"{length} papers")]))

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - only for the type checker
        field.choices = choices

    def clean_topics(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["topics"])

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone and zone not in known_zones():
            raise ValidationError("We do not know this time zone. Please choose one from the list.")
        return zone

    def preferences(self) -> Preferences:
        """What was asked for; a field the form did not send keeps its value, topics excepted: none means all."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        fields = {name: given.get(name, getattr(self.current, name)) for name in Preferences.__dataclass_fields__}
        return Preferences(**fields)


class SignUpForm(PreferencesForm):
    """The preferences, an address, and two things only a machine gets wrong: an empty field and a little patience."""

    email = forms.CharField(
        label="Your email address",
        max_length=1000,  # beyond 254 the address's own words are clearer than a browser that stops taking letters
        strip=False,
        error_messages={"required": "Please type your email address.", "max_length": "That address is far too long."},
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "placeholder": "name@example.org", "spellcheck": "false", "maxlength": None}
        ),
    )
    interest = forms.CharField(
        label="Or say it in your own words",
        max_length=500,
        required=False,
        error_messages={"max_length": "Please say it in 500 characters. There is room for more later."},
        widget=forms.TextInput(attrs={"placeholder": "meta reinforcement learning for robots", "maxlength": None}),
    )
    website = forms.CharField(required=False, label="Leave this empty", max_length=1000)
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"opened": signing.dumps("", salt=_STAMP_SALT), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    @property
    def is_from_machine(self) -> bool:
        """Someone filled in the field that people do not see."""
        return bool(self.data.get("website"))

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        addresses.normalise(typed)
        return typed.strip()

    def clean_opened(self) -> str:
        stamp: str = self.cleaned_data["opened"]
        try:
            signing.loads(stamp, salt=_STAMP_SALT, max_age=MAXIMUM_SECONDS)
        except signing.BadSignature:
            self._open_again()
            raise ValidationError("This page had been open for a long time. Please press the button again.") from None
        if _is_younger(stamp, MINIMUM_SECONDS):
            raise ValidationError("That was very quick. Please press the button once more.")
        return stamp

    def _open_again(self) -> None:
        data = cast("MutableMapping[str, Any]", copy(self.data))  # the copy of a request's data can be written to
        data["opened"] = signing.dumps("", salt=_STAMP_SALT)
        self.data = data


def form_for(subscriber: Subscriber, data: Any = None) -> PreferencesForm:
    return PreferencesForm(data, current=Preferences.of(subscriber))


def _is_younger(stamp: str, seconds: int) -> bool:
    try:
        signing.loads(stamp, salt=_STAMP_SALT, max_age=seconds)
    except signing.SignatureExpired:
        return False
    return True


@lru_cache(maxsize=1)
def _zone_options() -> SafeString:
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(known_zones()):
        region, _, place = name.partition("/")
        if place and region in _REGIONS:
            regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    groups = [
        (region, format_html_join("", '<option value="{}">{}</option>', zones)) for region, zones in regions.items()
    ]
    return format_html(
        '<option value="UTC">UTC</option>{}',
        format_html_join("", '<optgroup label="{}">{}</optgroup>', groups),
    )


_REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
