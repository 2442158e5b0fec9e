"""Number sequences per city and year, and a timeline that can only grow."""

from django.db import migrations

NUMBERS = """
CREATE FUNCTION onehall_next_number(city bigint, year int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    series text := format('onehall_number_%s_%s', city, year);
BEGIN
    RETURN nextval(series::regclass);
EXCEPTION WHEN undefined_table THEN
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', series);
    RETURN nextval(series::regclass);
END $$;
"""

APPEND_ONLY = """
CREATE FUNCTION onehall_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('onehall.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'The timeline can only grow: % is refused.', TG_OP;
END $$;
CREATE TRIGGER timeline_only_grows BEFORE UPDATE OR DELETE ON casework_timelineentry
FOR EACH ROW EXECUTE FUNCTION onehall_refuse_change();
"""


class Migration(migrations.Migration):
    """Functions and a trigger that the database itself enforces."""

    dependencies = [("casework", "0001_initial")]
    operations = [
        migrations.RunSQL(NUMBERS, "DROP FUNCTION onehall_next_number(bigint, int)"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER timeline_only_grows ON casework_timelineentry;"
            "DROP FUNCTION onehall_refuse_change()",
        ),
    ]
