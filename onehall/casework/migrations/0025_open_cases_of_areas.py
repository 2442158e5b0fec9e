"""Open cases by the areas they lie in: few of all there ever were, and what the map of an area is drawn from."""

from django.db import migrations

FORWARD = """
CREATE INDEX case_open_areas ON casework_case USING gin (areas jsonb_path_ops) WHERE is_open
"""


class Migration(migrations.Migration):
    """An index that Django's own has no words for without an app of its own."""

    dependencies = [("casework", "0024_retention")]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX case_open_areas")]
