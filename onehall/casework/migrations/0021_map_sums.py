"""Sums of the cases in each square of the public map, kept by whatever changes a case."""

import django.db.models.deletion
from django.db import migrations, models

# Which cases are on the map: see `on_map.ON_PUBLIC_MAP`. Squares are tiles of zoom 14 and 17.
_COLUMNS = """city_id, level, square, service_id, spot, folded,
        cases, open_cases, lon, lat, open_lon, open_lat, ids, open_ids"""
_SUMS = """
    SELECT c.city_id, l.level, c.cell >> (52 - 2 * l.level), c.service_id, coalesce(p.cell, 0), {folded},
           sum(sign), coalesce(sum(sign) FILTER (WHERE is_open), 0),
           sum(sign * round(c.lon * 1e7)::bigint), sum(sign * round(c.lat * 1e7)::bigint),
           coalesce(sum(sign * round(c.lon * 1e7)::bigint) FILTER (WHERE is_open), 0),
           coalesce(sum(sign * round(c.lat * 1e7)::bigint) FILTER (WHERE is_open), 0),
           sum(sign * c.id), coalesce(sum(sign * c.id) FILTER (WHERE is_open), 0)
    FROM ({rows}) c CROSS JOIN (VALUES (14), (17)) AS l(level)
    LEFT JOIN casework_piledspot p ON p.city_id = c.city_id AND p.cell = c.cell
    WHERE c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL AND c.cell IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
"""
_NAMES = "city_id, cell, service_id, is_open, lon, lat, id, is_public, merged_into_id, parent_id"
_ROW = ", ".join("{0}." + name for name in _NAMES.split(", "))
_OLD, _NEW = _ROW.format("OLD"), _ROW.format("NEW")

TRIGGERS = f"""
CREATE FUNCTION onehall_map_added() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO casework_mapsum ({_COLUMNS})
    {_SUMS.format(folded="false", rows=f"SELECT 1 AS sign, {_NAMES} FROM added")};
    RETURN NULL;
END $$;
CREATE FUNCTION onehall_map_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO casework_mapsum ({_COLUMNS})
    {_SUMS.format(folded="false", rows=f"SELECT -1 AS sign, {_OLD} UNION ALL SELECT 1, {_NEW}")};
    RETURN NULL;
END $$;
CREATE FUNCTION onehall_map_gone() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO casework_mapsum ({_COLUMNS})
    {_SUMS.format(folded="false", rows=f"SELECT -1 AS sign, {_OLD}")};
    RETURN NULL;
END $$;
CREATE TRIGGER case_map_added AFTER INSERT ON casework_case
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION onehall_map_added();
CREATE TRIGGER case_map_changed AFTER UPDATE ON casework_case
FOR EACH ROW WHEN (({_OLD}) IS DISTINCT FROM ({_NEW})) EXECUTE FUNCTION onehall_map_changed();
CREATE TRIGGER case_map_gone AFTER DELETE ON casework_case
FOR EACH ROW WHEN (OLD.is_public AND OLD.cell IS NOT NULL) EXECUTE FUNCTION onehall_map_gone();
INSERT INTO casework_mapsum ({_COLUMNS})
{_SUMS.format(folded="true", rows=f"SELECT 1 AS sign, {_NAMES} FROM casework_case")};
"""

UNDO = """
DROP TRIGGER case_map_added ON casework_case;
DROP TRIGGER case_map_changed ON casework_case;
DROP TRIGGER case_map_gone ON casework_case;
DROP FUNCTION onehall_map_added();
DROP FUNCTION onehall_map_changed();
DROP FUNCTION onehall_map_gone();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0020_cases_of_an_asset'),
        ('catalog', '0004_sheets'),
        ('places', '0004_city_notice'),
    ]

    operations = [
        migrations.CreateModel(
            name='MapSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('square', models.BigIntegerField()),
                ('spot', models.BigIntegerField()),
                ('folded', models.BooleanField(default=False)),
                ('cases', models.IntegerField()),
                ('open_cases', models.IntegerField()),
                ('lon', models.BigIntegerField()),
                ('lat', models.BigIntegerField()),
                ('open_lon', models.BigIntegerField()),
                ('open_lat', models.BigIntegerField()),
                ('ids', models.BigIntegerField()),
                ('open_ids', models.BigIntegerField()),
                ('city', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='places.city')),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='catalog.service')),
            ],
            options={
                'indexes': [models.Index(models.F('city'), models.F('level'), models.F('square'), name='map_sum_read'), models.Index(models.F('city'), models.F('level'), models.F('square'), condition=models.Q(('folded', False)), name='map_sum_fresh')],
            },
        ),
        migrations.CreateModel(
            name='PiledSpot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cell', models.BigIntegerField()),
                ('found_at', models.DateTimeField()),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('city', 'cell'), name='piled_spot_once')],
            },
        ),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
