"""Sums of the lesser targets; whatever changes a target of a closed case marks the day it was closed."""

from django.db import migrations, models

TARGETS = """
CREATE FUNCTION onehall_stale_target() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_stalemoment (city_id, at)
    SELECT city_id, closed_at FROM casework_case
    WHERE closed_at IS NOT NULL
      AND id IN (CASE WHEN TG_OP <> 'DELETE' THEN NEW.case_id END, CASE WHEN TG_OP <> 'INSERT' THEN OLD.case_id END);
    RETURN NULL;
END $$;
CREATE TRIGGER target_stale AFTER INSERT OR DELETE OR UPDATE OF case_id, kind, due_at, met_at, ended_at
ON casework_casetarget FOR EACH ROW EXECUTE FUNCTION onehall_stale_target();
"""

UNDO = """
DROP TRIGGER target_stale ON casework_casetarget;
DROP FUNCTION onehall_stale_target();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("insights", "0002_stale_moments"),
        ("casework", "0011_promises_with_targets"),
    ]
    operations = [
        *(
            migrations.AddField(
                "dayfigure", name, models.PositiveIntegerField(db_default=0, default=0)
            )
            for name in ("responses", "responses_kept", "arrivals", "arrivals_kept")
        ),
        migrations.RunSQL(TARGETS, UNDO),
    ]
