"""The timeline's table in parts by the number of the case; what is there becomes the first ones as it lies."""

from django.db import migrations

# Sizes as in `timeline_parts`. The first part takes all that is there, however many parts that are in number,
# so that no row moves; the parts after it go on from there.
FORWARD = """
SET CONSTRAINTS ALL IMMEDIATE;
DO $$
DECLARE
    size constant bigint := 2000000;
    part bigint := (SELECT coalesce(max(case_id), 0) / size FROM casework_timelineentry);
    held text := 'casework_timelineentry_' || part;
    named record;
BEGIN
    DROP TRIGGER timeline_only_grows ON casework_timelineentry;
    EXECUTE format('ALTER TABLE casework_timelineentry RENAME TO %I', held);
    FOR named IN SELECT conname, contype FROM pg_constraint WHERE conrelid = held::regclass AND contype = 'p'
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', held, named.conname, held || '_pkey');
    END LOOP;
    EXECUTE format('CREATE TABLE casework_timelineentry (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
                    PARTITION BY RANGE (case_id)', held);
    ALTER TABLE casework_timelineentry ADD PRIMARY KEY (case_id, seq);
    ALTER TABLE casework_timelineentry ADD CONSTRAINT timeline_of_case FOREIGN KEY (case_id)
        REFERENCES casework_case (id) DEFERRABLE INITIALLY DEFERRED;
    EXECUTE format('ALTER TABLE casework_timelineentry ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)',
                   held, (part + 1) * size);
    CREATE TABLE casework_timelineentry_rest PARTITION OF casework_timelineentry DEFAULT;
    CREATE TRIGGER timeline_only_grows BEFORE UPDATE OR DELETE ON casework_timelineentry
        FOR EACH ROW EXECUTE FUNCTION onehall_refuse_change();
END $$;
"""

BACK = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE casework_timelineentry RENAME TO casework_timelineentry_parted;
ALTER TABLE casework_timelineentry_parted RENAME CONSTRAINT casework_timelineentry_pkey TO casework_timelineentry_parted_pkey;
CREATE TABLE casework_timelineentry (LIKE casework_timelineentry_parted INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO casework_timelineentry SELECT * FROM casework_timelineentry_parted;
DROP TABLE casework_timelineentry_parted;
ALTER TABLE casework_timelineentry ADD PRIMARY KEY (case_id, seq);
ALTER TABLE casework_timelineentry ADD CONSTRAINT timeline_of_case FOREIGN KEY (case_id)
    REFERENCES casework_case (id) DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER timeline_only_grows BEFORE UPDATE OR DELETE ON casework_timelineentry
    FOR EACH ROW EXECUTE FUNCTION onehall_refuse_change();
"""


class Migration(migrations.Migration):
    """Readers and writers see the same table as before."""

    dependencies = [("casework", "0021_map_sums")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
