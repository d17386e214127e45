"""Readers may want a surprise in each digest."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0006_first_interest")]

    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="surprises",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How many papers near what they asked for, and not of it, a digest brings: none or one",
                validators=[django.core.validators.MaxValueValidator(1)],
            ),
        ),
    ]
