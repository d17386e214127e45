"""Who asked and has not confirmed is no reader yet, and waits in a table of their own; earlier ones ask again."""

from typing import Any

from django.db import migrations, models


def forget_pending(apps: Any, schema_editor: Any) -> None:
    """Whoever had confirmed before has left, as far as mail is concerned; the others were never readers."""
    pending = apps.get_model("subscriptions", "Subscriber").objects.filter(status="pending")
    pending.filter(confirmed_at=None).delete()
    pending.update(status="unsubscribed")
    if schema_editor.connection.vendor == "postgresql":  # tables are not altered while checks of rows are outstanding
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0008_topics_by_context"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignupRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("address_key", models.CharField(editable=False, max_length=254)),
                ("address_hash", models.CharField(editable=False, max_length=64)),
                ("mailbox_hash", models.CharField(editable=False, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Not looked at yet"),
                            ("open", "Waiting for confirmation"),
                            ("confirmed", "Confirmed"),
                        ],
                        default="asked",
                        max_length=9,
                    ),
                ),
                (
                    "wanted",
                    models.JSONField(
                        default=dict, editable=False, help_text="Preferences, as services.Preferences has them"
                    ),
                ),
                ("origin", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True, help_text="The words they saw")),
                ("text_version", models.CharField(blank=True, max_length=20)),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(help_text="Until then its mail is tried, and its link confirms")),
                ("mails", models.PositiveSmallIntegerField(default=0, help_text="That left, or may have")),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="In a row that did not leave")),
                (
                    "next_try_at",
                    models.DateTimeField(blank=True, help_text="When a mail is due, the reminder too", null=True),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
            },
        ),
        migrations.RunPython(forget_pending, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_status_known",
        ),
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_active_only_if_confirmed",
        ),
        migrations.RemoveIndex(
            model_name="subscriber",
            name="subscriber_pending",
        ),
        migrations.RemoveField(
            model_name="subscriber",
            name="confirmation_sent_at",
        ),
        migrations.RemoveField(
            model_name="subscriber",
            name="interest",
        ),
        migrations.RemoveField(
            model_name="subscriber",
            name="opt_in_round",
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="confirmed_at",
            field=models.DateTimeField(editable=False, help_text="The last time, where they left and came back"),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="status",
            field=models.CharField(
                choices=[("active", "Active"), ("unsubscribed", "Unsubscribed")], default="active", max_length=12
            ),
        ),
        migrations.AlterField(
            model_name="suppression",
            name="reason",
            field=models.CharField(
                choices=[
                    ("hard_bounce", "Hard bounce"),
                    ("soft_bounce", "Bounced again and again"),
                    ("complaint", "Complaint"),
                    ("manual", "Added by hand"),
                    ("refused", "Asked never to be written to"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "unsubscribed"])), name="subscriber_status_known"
            ),
        ),
        migrations.AddIndex(
            model_name="signuprequest",
            index=models.Index(condition=models.Q(("state", "asked")), fields=["id"], name="signup_asked"),
        ),
        migrations.AddIndex(
            model_name="signuprequest",
            index=models.Index(condition=models.Q(("state", "open")), fields=["next_try_at", "id"], name="signup_due"),
        ),
        migrations.AddIndex(
            model_name="signuprequest",
            index=models.Index(fields=["mailbox_hash"], name="signup_mailbox"),
        ),
        migrations.AddIndex(
            model_name="signuprequest",
            index=models.Index(fields=["address_hash"], name="signup_address_hash"),
        ),
        migrations.AddIndex(
            model_name="signuprequest",
            index=models.Index(fields=["mailed_at"], name="signup_mailed"),
        ),
        migrations.AddConstraint(
            model_name="signuprequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("address_key",), name="signup_open_once_per_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="signuprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "open", "confirmed"])), name="signup_state_known"
            ),
        ),
    ]
