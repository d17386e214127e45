"""Near-duplicates of a pool are told when it is built, so that a digest of a frozen one can be composed again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0015_interests")]

    operations = [
        migrations.AddField(
            model_name="editionpaper",
            name="group",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
