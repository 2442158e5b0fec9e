"""How the sums behind the map for everybody are made: see `mapping`, which runs these, and `map_models`."""
# ruff: noqa: S608  # put together from the constants of this file; every value is a parameter

from typing import Final

from onehall.kernel import cells

COARSE: Final = 15
FINE: Final = 18
FINEST: Final = 20
LEVELS: Final = (COARSE, FINE, FINEST)
"""The squares that are summed up, as zooms whose tile is one: some 900, 110 and 30 m wide at 45 degrees."""
SPANS: Final = (7, 30, 90, 365)
"""Days up to now that have sums of their own, but for the finest squares: `public.DAYS`."""

TIERS: Final = (
    *((level, span, age) for level in (COARSE, FINE) for age, span in enumerate(SPANS)),
    *((level, 0, len(SPANS)) for level in LEVELS),
)
"""Level and span of every kind of sum, and the greatest age that belongs to it: in how many of the spans a case lies no more."""

NAMES: Final = ("cases", "open_cases", "lon", "lat", "open_lon", "open_lat", "ids", "open_ids")
_COLUMNS: Final = ", ".join(NAMES)
_KEYS: Final = "level, span, square, service_id, spot, areas"
_ADDED: Final = ", ".join(f"sum({name})::bigint AS {name}" for name in NAMES)
_SOME: Final = " OR ".join(f"sum({name}) <> 0" for name in NAMES)
_NONE: Final = " AND ".join(f"{name} = 0" for name in NAMES)
_BASIS: Final = (
    "(SELECT at, services FROM casework_mapbasis WHERE city_id = %(city)s) AS basis(at, services)"
)
_BEFORE: Final = "{} - make_interval(hours => 24 * {})"
_AGE: Final = " + ".join(f"(opened_at < {_BEFORE.format('basis.at', days)})::int" for days in SPANS)
_WITH_ALL: Final = (
    "LATERAL (SELECT one.service_id"
    " UNION ALL SELECT 0 WHERE basis.services @> to_jsonb(one.service_id)) AS both_ways(service_id)"
)

# The same cases as `public.meant` and the triggers. Those without a place lie in a cell of their own, which no map shows.
CASES: Final = """
SELECT coalesce(c.cell, -1) AS cell, c.service_id, coalesce(p.cell, 0) AS spot, c.areas, c.opened_at, 1 AS cases, is_open::int AS open_cases,
       coalesce(round(lon * 1e7)::bigint, 0) AS lon, coalesce(round(lat * 1e7)::bigint, 0) AS lat,
       coalesce(is_open::int * round(lon * 1e7)::bigint, 0) AS open_lon,
       coalesce(is_open::int * round(lat * 1e7)::bigint, 0) AS open_lat,
       c.id AS ids, is_open::int * c.id AS open_ids
FROM casework_case c LEFT JOIN casework_piledspot p ON p.city_id = c.city_id AND p.cell = c.cell
WHERE c.city_id = %(city)s AND c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL
"""
_ON_MAP: Final = (
    CASES + "AND (c.cell BETWEEN %(low)s AND %(high)s OR %(low)s < 0 AND c.cell IS NULL)"
)
_CHANGES: Final = f"SELECT cell, service_id, spot, areas, opened_at, {_COLUMNS} FROM"
_WAITING: Final = f"""{_CHANGES} casework_mapchange
WHERE city_id = %(city)s AND cell BETWEEN %(low)s AND %(high)s"""

# First what belongs together in the finest squares: what comes after reads a fraction of the cases.
_SPREAD: Final = f"""
SELECT level, span, square >> ({2 * FINEST} - 2 * level) AS square, both_ways.service_id, spot, areas, {_ADDED}
FROM (
  SELECT cell >> {2 * (cells.ZOOM - FINEST)} AS square, service_id, spot, areas, {_AGE} AS age, {_ADDED}
  FROM ({{rows}}) AS rows, {_BASIS} GROUP BY 1, 2, 3, 4, 5
) AS one JOIN (VALUES {", ".join(map(str, TIERS))}) AS tier(level, span, oldest) ON age <= oldest,
{_BASIS}, {_WITH_ALL}
GROUP BY 1, 2, 3, 4, 5, 6 HAVING {_SOME}
"""

_PUT: Final = f"INSERT INTO casework_mapsum (city_id, {_KEYS}, {_COLUMNS})"
_ADD_TO: Final = f"""
ON CONFLICT (city_id, level, span, service_id, square, spot, areas)
DO UPDATE SET {", ".join(f"{name} = casework_mapsum.{name} + excluded.{name}" for name in NAMES)}
RETURNING id, {_COLUMNS}
"""

FOLD: Final = f"""
WITH gone AS (
  DELETE FROM casework_mapchange WHERE id IN (
    SELECT id FROM casework_mapchange WHERE city_id = %(city)s ORDER BY id LIMIT %(most)s) RETURNING *
), put AS (
  {_PUT} SELECT %(city)s, added.* FROM ({_SPREAD.format(rows=_CHANGES + " gone")}) AS added {_ADD_TO}
)
SELECT id FROM put WHERE {_NONE}
"""
"""Adds some of the changes to the sums; names those that hold nothing any more."""

# What the sums hold of the cases between two moments: the cases as they are, without what is not added yet. Not pulled
# up, so that the few cases of each slice are found by the index of their time.
_BETWEEN: Final = "{0}.opened_at >= slice.low AND {0}.opened_at < slice.high"
MOVE_ON: Final = f"""
WITH slice AS (
  SELECT span, CASE WHEN basis.at < %(now)s THEN -1 ELSE 1 END AS sign,
         {_BEFORE.format("least(basis.at, %(now)s)", "span")} AS low,
         {_BEFORE.format("greatest(basis.at, %(now)s)", "span")} AS high
  FROM {_BASIS}, unnest(ARRAY[{", ".join(map(str, SPANS))}]) AS days(span)
), moved AS (
  SELECT span, sign, one.* FROM slice CROSS JOIN LATERAL ({CASES} AND {_BETWEEN.format("c")} OFFSET 0) AS one
  UNION ALL
  SELECT span, -sign, one.* FROM slice CROSS JOIN LATERAL (
    {_CHANGES} casework_mapchange m WHERE m.city_id = %(city)s AND {_BETWEEN.format("m")}) AS one
), put AS (
  {_PUT}
  SELECT %(city)s, level, span, cell >> ({2 * cells.ZOOM} - 2 * level), both_ways.service_id, spot, areas,
         {", ".join(f"sum(sign * {name})::bigint" for name in NAMES)}
  FROM moved AS one, unnest(ARRAY[{COARSE}, {FINE}]) AS kept(level), {_BASIS}, {_WITH_ALL}
  GROUP BY 2, 3, 4, 5, 6, 7
  {_ADD_TO}
)
SELECT id FROM put WHERE {_NONE}
"""
"""Moves the spans up to a moment; the basis has to be told in the same transaction. Names sums that hold nothing any more."""

BEGIN: Final = """
INSERT INTO casework_mapbasis (city_id, services, at) VALUES (%(city)s, '[]', %(now)s) ON CONFLICT DO NOTHING
"""
BASIS: Final = """
INSERT INTO casework_mapbasis (city_id, services, at) VALUES (%(city)s, %(services)s, now())
ON CONFLICT (city_id) DO UPDATE SET services = excluded.services, at = excluded.at
"""
TOGETHER: Final = f"""
{_PUT}
SELECT city_id, level, span, square, 0, spot, areas, {_ADDED} FROM casework_mapsum
WHERE city_id = %(city)s AND service_id = ANY(%(services)s) GROUP BY 1, 2, 3, 4, 6, 7
"""

FORGET_CHANGES: Final = """
DELETE FROM casework_mapchange WHERE city_id = %(city)s AND cell BETWEEN %(low)s AND %(high)s
"""
_IN_RANGE: Final = " OR ".join(
    f"(level = {level} AND square BETWEEN %(low)s >> {2 * (cells.ZOOM - level)}"
    f" AND %(high)s >> {2 * (cells.ZOOM - level)})"
    for level in LEVELS
)
FORGET: Final = f"DELETE FROM casework_mapsum WHERE city_id = %(city)s AND ({_IN_RANGE})"
COUNT_ANEW: Final = (
    f"{_PUT} SELECT %(city)s, added.* FROM ({_SPREAD.format(rows=_ON_MAP)}) AS added"
)

# In one statement, so that nothing can change in between.
DIFFERENT: Final = f"""
WITH said AS (
  SELECT {_KEYS}, {_ADDED} FROM (
    SELECT {_KEYS}, {_COLUMNS} FROM casework_mapsum WHERE city_id = %(city)s AND ({_IN_RANGE})
    UNION ALL ({_SPREAD.format(rows=_WAITING)})
  ) AS parts GROUP BY 1, 2, 3, 4, 5, 6 HAVING {_SOME}
), true_ones AS ({_SPREAD.format(rows=_ON_MAP)})
SELECT EXISTS (TABLE said EXCEPT TABLE true_ones) OR EXISTS (TABLE true_ones EXCEPT TABLE said)
"""

_EVERY: Final = f"""
SELECT square, cases FROM casework_mapsum
WHERE city_id = %(city)s AND level = {FINE} AND span = 0 AND service_id <> 0 AND square >= 0
UNION ALL SELECT cell >> {2 * (cells.ZOOM - FINE)}, cases FROM casework_mapchange WHERE city_id = %(city)s AND cell >= 0
"""
ON_MAP: Final = f"SELECT coalesce(sum(cases), 0) FROM ({_EVERY}) AS every"
PILES: Final = f"""
WITH crowded AS (SELECT square FROM ({_EVERY}) AS every GROUP BY square HAVING sum(cases) >= %(least)s)
SELECT c.cell, count(*) FROM crowded JOIN casework_case c
  ON c.cell BETWEEN crowded.square << {2 * (cells.ZOOM - FINE)} AND ((crowded.square + 1) << {2 * (cells.ZOOM - FINE)}) - 1
WHERE c.city_id = %(city)s AND c.is_public AND c.merged_into_id IS NULL AND c.parent_id IS NULL
GROUP BY c.cell HAVING count(*) >= %(least)s
"""
