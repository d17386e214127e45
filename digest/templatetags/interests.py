"""Filters for pages of readers' interests, and the part of them that stands on the page of preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from digest import interests
from digest.delivery import history
from subscriptions.models import Subscriber

register = template.Library()


@register.filter
def of(found: Mapping[int, Any] | None, key: int) -> Any:
    """What a mapping has for the key, if anything."""
    return found.get(key) if found else None


@register.filter
def coded(verb: str, what: object) -> str:
    """A code of `interests.acts`: what a button does."""
    return f"{verb}:{what}"


@register.simple_tag
def latest_digest(subscriber: Subscriber) -> str:
    """What became of their newest digest, as a sentence or two."""
    return history.latest(subscriber)


@register.inclusion_tag("digest/_interests.html")
def own_interests(subscriber: Subscriber, path: str) -> dict[str, Any]:
    """What a reader follows beyond topics, and a field for more; `path` is that of their preferences."""
    followed = list(interests.interests_of(subscriber).defer("text"))
    return {
        "interests": followed,
        "weakened": [each for each in followed if each.percent < 100],
        "parts": interests.lowered_by(subscriber),
        "page_path": f"{path}/interests",
    }
