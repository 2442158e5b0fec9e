"""Two first reports of a year at the same moment: the second waits for the series, then uses it."""

from django.db import migrations

NUMBERS = """
CREATE OR REPLACE FUNCTION onehall_next_number(city bigint, year int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    series text := format('onehall_number_%s_%s', city, year);
BEGIN
    RETURN nextval(series::regclass);
EXCEPTION WHEN undefined_table THEN
    BEGIN
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', series);
    EXCEPTION WHEN unique_violation OR duplicate_table THEN
        NULL;
    END;
    RETURN nextval(series::regclass);
END $$;
"""


class Migration(migrations.Migration):
    """Replaces the function; the one before stays right for a single session."""

    dependencies = [("casework", "0002_numbers_and_append_only")]
    operations = [migrations.RunSQL(NUMBERS, migrations.RunSQL.noop)]
