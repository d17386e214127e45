"""The digest app: listens to the mail provider's events, and has its settings checked."""

from anymail.signals import inbound, tracking
from django.apps import AppConfig


class DigestConfig(AppConfig):
    name = "digest"
    verbose_name = "Digest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from digest import events
        from digest.delivery import checks  # noqa: F401

        tracking.connect(events.take_report, dispatch_uid="digest.events")
        inbound.connect(events.take_mail, dispatch_uid="digest.events")
