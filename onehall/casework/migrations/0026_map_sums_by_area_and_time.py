"""Sums of the public map by area and by the last days too; changes lie apart until the worker adds them."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

_BEFORE = import_module("onehall.casework.migrations.0021_map_sums")

# Which cases everybody may see: see `public.meant`. Those without a place lie in the cell -1.
_KEYS = "city_id, cell, service_id, spot, areas, opened_at"
_SUMS = "cases, open_cases, lon, lat, open_lon, open_lat, ids, open_ids"
_CHANGE = """
    SELECT c.city_id, coalesce(c.cell, -1) AS cell, c.service_id, coalesce(p.cell, 0) AS spot, c.areas, c.opened_at,
           sum(sign)::int AS cases, coalesce(sum(sign) FILTER (WHERE is_open), 0)::int AS open_cases,
           coalesce(sum(sign * round(c.lon * 1e7)::bigint), 0)::bigint AS lon,
           coalesce(sum(sign * round(c.lat * 1e7)::bigint), 0)::bigint AS lat,
           coalesce(sum(sign * round(c.lon * 1e7)::bigint) FILTER (WHERE is_open), 0)::bigint AS open_lon,
           coalesce(sum(sign * round(c.lat * 1e7)::bigint) FILTER (WHERE is_open), 0)::bigint AS open_lat,
           sum(sign * c.id)::bigint AS ids, coalesce(sum(sign * c.id) FILTER (WHERE is_open), 0)::bigint AS open_ids
    FROM ({rows}) c LEFT JOIN casework_piledspot p ON p.city_id = c.city_id AND p.cell = c.cell
    WHERE c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6
"""
_NAMES = "city_id, cell, service_id, is_open, lon, lat, id, areas, opened_at, is_public, merged_into_id, parent_id"
_ROW = ", ".join("{0}." + name for name in _NAMES.split(", "))
_OLD, _NEW = _ROW.format("OLD"), _ROW.format("NEW")
_APPEND = f"INSERT INTO casework_mapchange ({_KEYS}, {_SUMS})"

TRIGGERS = f"""
CREATE FUNCTION onehall_map_added() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    {_APPEND} {_CHANGE.format(rows=f"SELECT 1 AS sign, {_NAMES} FROM added")};
    RETURN NULL;
END $$;
CREATE FUNCTION onehall_map_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    {_APPEND} {_CHANGE.format(rows=f"SELECT -1 AS sign, {_OLD} UNION ALL SELECT 1, {_NEW}")};
    RETURN NULL;
END $$;
CREATE FUNCTION onehall_map_gone() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    {_APPEND} {_CHANGE.format(rows=f"SELECT -1 AS sign, {_OLD}")};
    RETURN NULL;
END $$;
CREATE TRIGGER case_map_added AFTER INSERT ON casework_case
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION onehall_map_added();
CREATE TRIGGER case_map_changed AFTER UPDATE ON casework_case
FOR EACH ROW WHEN (({_OLD}) IS DISTINCT FROM ({_NEW})) EXECUTE FUNCTION onehall_map_changed();
CREATE TRIGGER case_map_gone AFTER DELETE ON casework_case
FOR EACH ROW WHEN (OLD.is_public) EXECUTE FUNCTION onehall_map_gone();
"""

# Rows of one square are changed in place again and again: room for that, so that no index has to know.
ROOM = "ALTER TABLE casework_mapsum SET (fillfactor = 80)"

# Without services that are added up: the worker knows which, and does that first of all.
FILL = f"""
INSERT INTO casework_mapbasis (city_id, services, at) SELECT id, '[]', now() FROM places_city;
INSERT INTO casework_mapsum (city_id, level, span, square, service_id, spot, areas, {_SUMS})
SELECT f.city_id, t.level, t.span, f.square >> (40 - 2 * t.level), f.service_id, f.spot, f.areas,
       sum(f.cases), sum(f.open_cases), sum(f.lon), sum(f.lat), sum(f.open_lon), sum(f.open_lat), sum(f.ids), sum(f.open_ids)
FROM (
  SELECT c.city_id, cell >> 12 AS square, service_id, spot, areas,
         (SELECT count(*) FROM unnest(ARRAY[7, 30, 90, 365]) d WHERE opened_at < b.at - make_interval(hours => 24 * d)) AS age,
         sum(cases) AS cases, sum(open_cases) AS open_cases, sum(lon) AS lon, sum(lat) AS lat,
         sum(open_lon) AS open_lon, sum(open_lat) AS open_lat, sum(ids) AS ids, sum(open_ids) AS open_ids
  FROM ({_CHANGE.format(rows=f"SELECT 1 AS sign, {_NAMES} FROM casework_case")}) c
  JOIN casework_mapbasis b ON b.city_id = c.city_id
  GROUP BY 1, 2, 3, 4, 5, 6
) f JOIN (VALUES (15, 7, 0), (15, 30, 1), (15, 90, 2), (15, 365, 3), (15, 0, 4), (18, 7, 0), (18, 30, 1), (18, 90, 2),
                 (18, 365, 3), (18, 0, 4), (20, 0, 4)) t(level, span, most) ON f.age <= t.most
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""

TALLY = [
    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
    ("service_id", models.BigIntegerField()),
    ("spot", models.BigIntegerField()),
    ("areas", models.JSONField()),
    ("cases", models.IntegerField()),
    ("open_cases", models.IntegerField()),
    ("lon", models.BigIntegerField()),
    ("lat", models.BigIntegerField()),
    ("open_lon", models.BigIntegerField()),
    ("open_lat", models.BigIntegerField()),
    ("ids", models.BigIntegerField()),
    ("open_ids", models.BigIntegerField()),
    (
        "city",
        models.ForeignKey(
            db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to="places.city"
        ),
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0025_archives"),
        ("catalog", "0004_sheets"),
        ("places", "0004_city_notice"),
    ]

    operations = [
        migrations.RunSQL(_BEFORE.UNDO, _BEFORE.TRIGGERS),
        migrations.DeleteModel("MapSum"),
        migrations.CreateModel(
            name="MapChange",
            fields=[
                *TALLY,
                ("cell", models.BigIntegerField()),
                ("opened_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index("city", "cell", name="map_change_read")]},
        ),
        migrations.CreateModel(
            name="MapSum",
            fields=[
                *TALLY,
                ("level", models.PositiveSmallIntegerField()),
                ("span", models.PositiveSmallIntegerField()),
                ("square", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["city", "level", "span", "service_id", "square", "spot", "areas"],
                        name="map_sum_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="MapBasis",
            fields=[
                (
                    "city",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="places.city",
                    ),
                ),
                ("services", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            TRIGGERS + ROOM + ";" + FILL,
            "DROP TRIGGER case_map_added ON casework_case;"
            "DROP TRIGGER case_map_changed ON casework_case;"
            "DROP TRIGGER case_map_gone ON casework_case;"
            "DROP FUNCTION onehall_map_added(); DROP FUNCTION onehall_map_changed(); DROP FUNCTION onehall_map_gone();",
        ),
    ]
