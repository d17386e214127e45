"""Wiring only: settings, Celery, URLs and the server entry points. Nothing imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
