"""The Celery application: one beat entry, a tick a minute; the database decides what is due."""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutting_down

from digest import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("paperboy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)


@worker_init.connect
def begin(**_: Any) -> None:
    stopping.forget()


@worker_ready.connect
def settle_what_was_left(**_: Any) -> None:
    """What a worker of this machine left behind when it was killed is put in order before anything else."""
    from django.db import close_old_connections
    from django.utils import timezone

    from digest.delivery import recovery

    try:
        recovery.recover(timezone.now())
    except Exception:
        logger.exception("What was left behind cannot be settled yet; the next tick tries again")
    finally:
        close_old_connections()


@worker_shutting_down.connect
def end(**_: Any) -> None:
    """Celery lets running tasks finish; this is how they learn that they should."""
    stopping.ask()
