"""Paths of the digest pages."""

from django.urls import URLPattern, path

from digest.views.health import health

app_name = "digest"
urlpatterns: list[URLPattern] = [
    path("healthz", health, name="health"),
]
