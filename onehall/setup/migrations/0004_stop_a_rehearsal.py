"""A rehearsal can be stopped."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("setup", "0003_rehearsals")]

    operations = [
        migrations.AlterField(
            "rehearsal",
            "state",
            models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("outdated", "Outdated"),
                    ("failed", "Failed"),
                    ("stopped", "Stopped"),
                ],
                default="waiting",
                max_length=12,
            ),
        ),
        migrations.AddField(
            "rehearsal",
            "stopped_by_name",
            models.CharField(blank=True, db_default="", max_length=200),
        ),
    ]
