"""The wiring as an app: registers the checks that read the settings."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "config"
    verbose_name = "Wiring"

    def ready(self) -> None:
        from config import checks, mail_checks  # noqa: F401  # importing registers them
