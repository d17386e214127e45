"""Paths of the digest pages."""

from django.urls import URLPattern

app_name = "digest"
urlpatterns: list[URLPattern] = []
