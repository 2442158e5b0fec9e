"""The cases about one thing with a painted number, newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("casework", "0019_public_map")]

    operations = [
        migrations.AddIndex(
            "case",
            models.Index(
                models.F("city"),
                models.F("asset"),
                models.F("id"),
                condition=models.Q(("asset__isnull", False)),
                name="case_of_asset",
            ),
        ),
    ]
