from django.db import migrations, models


class Migration(migrations.Migration):
    """How often a timer failed and why; those that were given up are found by an index of their own."""

    dependencies = [("casework", "0015_orders_and_views")]

    operations = [
        migrations.AddField(
            model_name="timer",
            name="parked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="timer",
            name="attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="timer",
            name="error",
            field=models.CharField(
                blank=True, db_default=models.Value(""), default="", max_length=200
            ),
        ),
        migrations.AddIndex(
            model_name="timer",
            index=models.Index(
                "city", "id", condition=models.Q(parked_at__isnull=False), name="timer_parked"
            ),
        ),
    ]
