"""Targets that come together mark the days of their cases once, not each for itself."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION onehall_stale_targets() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_stalemoment (city_id, at)
    SELECT c.city_id, date_bin('15 minutes', c.closed_at, '2000-01-01 00:00+00')
    FROM added a JOIN casework_case c ON c.id = a.case_id
    WHERE c.closed_at IS NOT NULL
    GROUP BY 1, 2;
    RETURN NULL;
END $$;
DROP TRIGGER target_stale ON casework_casetarget;
CREATE TRIGGER target_stale AFTER DELETE OR UPDATE OF case_id, kind, due_at, met_at, ended_at
ON casework_casetarget FOR EACH ROW EXECUTE FUNCTION onehall_stale_target();
CREATE TRIGGER target_stale_new AFTER INSERT ON casework_casetarget
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION onehall_stale_targets();
"""

BACK = """
DROP TRIGGER target_stale_new ON casework_casetarget;
DROP TRIGGER target_stale ON casework_casetarget;
DROP FUNCTION onehall_stale_targets();
CREATE TRIGGER target_stale AFTER INSERT OR DELETE OR UPDATE OF case_id, kind, due_at, met_at, ended_at
ON casework_casetarget FOR EACH ROW EXECUTE FUNCTION onehall_stale_target();
"""


class Migration(migrations.Migration):
    """What is marked stays the same, to a quarter of an hour."""

    dependencies = [("insights", "0004_area_figures")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
