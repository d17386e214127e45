"""Papers' other words count for topics by a model that editions name."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0018_beside_the_papers")]

    operations = [
        migrations.AlterField(
            model_name="rankingmodel",
            name="kind",
            field=models.CharField(
                choices=[
                    ("meaning", "Meaning"),
                    ("prediction", "Likely to trend"),
                    ("context", "Words of topics"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="context",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="By which its papers' other words counted for topics; empty where only what topics name did",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="context_editions",
                to="digest.rankingmodel",
            ),
        ),
    ]
