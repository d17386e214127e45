"""Models that papers are ranked by, papers' vectors, and which of them an edition was built with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("digest", "0013_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="RankingModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("meaning", "Meaning"), ("prediction", "Likely to trend")], max_length=12
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "format",
                    models.PositiveSmallIntegerField(help_text="Of its bytes: another release may not read them"),
                ),
                ("papers", models.PositiveIntegerField(help_text="It was fitted on")),
                ("corpus_from", models.DateField(null=True)),
                ("corpus_until", models.DateField(null=True)),
                ("fitted_at", models.DateTimeField()),
                ("seconds", models.FloatField(default=0.0, help_text="CPU time that the fit took")),
                (
                    "quality",
                    models.JSONField(
                        blank=True, default=dict, help_text="What was measured on papers it was not fitted on"
                    ),
                ),
                ("checksum", models.CharField(help_text="SHA-256 of its bytes", max_length=64)),
                ("is_in_use", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["kind", "-version"],
            },
        ),
        migrations.AddField(
            model_name="editionpaper",
            name="prediction",
            field=models.FloatField(default=0.0),
        ),
        migrations.CreateModel(
            name="PaperVector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vector", models.BinaryField()),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="vectors", to="digest.paper"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RankingModelData",
            fields=[
                (
                    "model",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stored",
                        serialize=False,
                        to="digest.rankingmodel",
                    ),
                ),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="rankingmodel",
            constraint=models.UniqueConstraint(fields=("kind", "version"), name="ranking_model_version_once"),
        ),
        migrations.AddConstraint(
            model_name="rankingmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_in_use", True)), fields=("kind",), name="ranking_model_one_in_use"
            ),
        ),
        migrations.AddField(
            model_name="papervector",
            name="model",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vectors",
                to="digest.rankingmodel",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="meaning",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="By which its papers' vectors were made; empty where there was none yet",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="editions",
                to="digest.rankingmodel",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="prediction",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="By which it was told how likely its papers are to trend; empty where none was good enough",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predicted_editions",
                to="digest.rankingmodel",
            ),
        ),
        migrations.AddConstraint(
            model_name="papervector",
            constraint=models.UniqueConstraint(fields=("model", "paper"), name="paper_vector_once_per_model"),
        ),
    ]
