"""A PDF of a case may have a small picture of its first page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("casework", "0017_ladders_of_targets")]

    operations = [
        migrations.AddField(
            "attachment",
            "preview_name",
            models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
    ]
