"""Whatever changes a case or a photo of finished work marks the days it was counted on.

Times are cut to a quarter of an hour where many rows come at once: no zone changes its day in between.
"""

from django.db import migrations

CASES = """
CREATE FUNCTION onehall_stale_new() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_stalemoment (city_id, at)
    SELECT city_id, date_bin('15 minutes', moment, '2000-01-01 00:00+00')
    FROM added CROSS JOIN LATERAL (VALUES (opened_at), (closed_at)) AS m(moment)
    WHERE moment IS NOT NULL
    GROUP BY 1, 2;
    RETURN NULL;
END $$;
CREATE FUNCTION onehall_stale_old() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_stalemoment (city_id, at) SELECT OLD.city_id, OLD.opened_at
    UNION ALL SELECT OLD.city_id, OLD.closed_at WHERE OLD.closed_at IS NOT NULL;
    IF TG_OP = 'UPDATE' AND (OLD.opened_at, OLD.closed_at) IS DISTINCT FROM (NEW.opened_at, NEW.closed_at) THEN
        INSERT INTO insights_stalemoment (city_id, at) SELECT NEW.city_id, NEW.opened_at
        UNION ALL SELECT NEW.city_id, NEW.closed_at WHERE NEW.closed_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER case_stale_new AFTER INSERT ON casework_case
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION onehall_stale_new();
CREATE TRIGGER case_stale_changed AFTER UPDATE ON casework_case
FOR EACH ROW WHEN (
    (OLD.city_id, OLD.service_id, OLD.queue_id, OLD.merged_into_id, OLD.opened_at, OLD.closed_at, OLD.promised_at,
     OLD.reopened, OLD.outcome, OLD.areas, OLD.is_open)
    IS DISTINCT FROM
    (NEW.city_id, NEW.service_id, NEW.queue_id, NEW.merged_into_id, NEW.opened_at, NEW.closed_at, NEW.promised_at,
     NEW.reopened, NEW.outcome, NEW.areas, NEW.is_open)
) EXECUTE FUNCTION onehall_stale_old();
CREATE TRIGGER case_stale_gone AFTER DELETE ON casework_case
FOR EACH ROW EXECUTE FUNCTION onehall_stale_old();
"""

PHOTOS = """
CREATE FUNCTION onehall_stale_photo() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.kind = 'after' AND OLD.case_id IS NOT NULL THEN
        INSERT INTO insights_stalemoment (city_id, at)
        SELECT city_id, closed_at FROM casework_case WHERE id = OLD.case_id AND closed_at IS NOT NULL;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.kind = 'after' AND NEW.case_id IS NOT NULL THEN
        INSERT INTO insights_stalemoment (city_id, at)
        SELECT city_id, closed_at FROM casework_case WHERE id = NEW.case_id AND closed_at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER photo_stale AFTER INSERT OR DELETE OR UPDATE OF kind, case_id, removed_at ON casework_photo
FOR EACH ROW EXECUTE FUNCTION onehall_stale_photo();
"""

UNDO = """
DROP TRIGGER case_stale_new ON casework_case;
DROP TRIGGER case_stale_changed ON casework_case;
DROP TRIGGER case_stale_gone ON casework_case;
DROP TRIGGER photo_stale ON casework_photo;
DROP FUNCTION onehall_stale_new();
DROP FUNCTION onehall_stale_old();
DROP FUNCTION onehall_stale_photo();
"""


class Migration(migrations.Migration):
    """Triggers, so that no way of changing a case can forget to say so."""

    dependencies = [
        ("insights", "0001_initial"),
        ("casework", "0010_tasks_and_timers_that_remind"),
    ]
    operations = [migrations.RunSQL(CASES + PHOTOS, UNDO)]
