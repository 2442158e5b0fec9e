"""Further targets have ladders of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("casework", "0016_timers_given_up")]

    operations = [
        migrations.AddField(
            "casetarget", "ladder_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            "casetarget",
            "ladder_step",
            models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            "casetarget",
            models.Index(
                models.F("ladder_at"),
                models.F("id"),
                condition=models.Q(("ended_at__isnull", True), ("ladder_at__isnull", False)),
                name="target_ladder",
            ),
        ),
    ]
