"""Wiring only: settings, Celery, URLs and the server entry points. Nothing imports it."""

import os

# The matrices here are small: more threads than one would only spin beside the work. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from config.celery import app as celery_app

__all__ = ["celery_app"]
