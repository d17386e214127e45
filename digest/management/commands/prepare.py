"""`manage.py prepare`: make a database ready to use; harmless to repeat."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from digest import sample

USERNAME = "admin"


class Command(BaseCommand):
    help = "Migrate, create the cache table and a first admin user, and load sample content once."
    # The database these would look at may not exist yet; migrate runs them itself.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-sample", action="store_false", dest="sample", help="no sample content")
        parser.add_argument("--offline", action="store_true", help="sample papers, and every source switched off")

    def handle(self, *args: Any, sample: bool, offline: bool, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        self.ensure_admin()
        if sample:
            self.load_sample(offline)

    def ensure_admin(self) -> None:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        users.create_superuser(username=USERNAME, email=f"{USERNAME}@example.org", password=password)
        self.stdout.write(f"\n  Admin user {USERNAME}, password {password}")
        self.stdout.write("  It is shown only now; manage.py changepassword admin sets another.\n\n")

    def load_sample(self, offline: bool) -> None:
        """Sample readers are only for mail that stays on this machine."""
        if not settings.DEBUG:
            self.stdout.write("DEBUG is off: no sample content.")
            return
        sample.prepare(timezone.now(), self.stdout.write, offline=offline)
