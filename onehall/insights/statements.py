"""The questions behind the figures. Each reads its cases once and groups them in several ways.

What came in and what was closed is asked of the cases only for days that have no sums (`_LIVE`), and of
the sums for the others; `rollups` makes them, with the same words.

`level` says which column a row is grouped by. Joined cases never count: their work is another's.
What each figure means is written in docs/offices/figures.md, and `casework.selection` selects the same
cases for the lists; a test holds the two together.
"""
# ruff: noqa: S608  # put together from the constants of this file; every value is a parameter

from typing import Final

from onehall.casework.bulk import Late

MOST_DAYS: Final = 1000
"""Cases that took longer are counted as having taken so many days."""

BY_PART: Final = 0b0111
BY_QUEUE: Final = 0b1011
BY_SERVICE: Final = 0b1101
BY_AREA: Final = 0b1110

_LEVEL: Final = "GROUPING(part, queue_id, service_id, area)"
_MINE: Final = (
    "city_id = %(city)s AND (%(queues)s::bigint[] IS NULL OR queue_id = ANY(%(queues)s))"
    " AND (%(within)s::jsonb[] IS NULL OR areas @> ANY(%(within)s::jsonb[]))"
)
_AREA: Final = "areas ->> %(layer)s AS area"
_PART: Final = "width_bucket({}, %(edges)s::timestamptz[])"

_LIVE: Final = "unnest(%(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS span(start, stop)"

# A lesser target counts with its case, on the day the case was closed. One that the case did not live to see is none.
_TARGET: Final = """
  LEFT JOIN casework_casetarget {0} ON {0}.case_id = c.id AND {0}.kind = '{1}' AND {0}.city_id = c.city_id
"""
_TARGETS: Final = _TARGET.format("r", "first_response") + _TARGET.format("s", "on_site")
_MET: Final = "count(*) FILTER (WHERE {0}.met_at <= {0}.due_at)"
_DUE: Final = "count(*) FILTER (WHERE {0}.met_at IS NOT NULL OR coalesce({0}.ended_at, c.closed_at) > {0}.due_at)"
_ON_TARGET: Final = ", ".join(
    (
        _DUE.format("r") + " AS responses", _MET.format("r") + " AS responses_kept",
        _DUE.format("s") + " AS arrivals", _MET.format("s") + " AS arrivals_kept",
    )
)  # fmt: skip

_SETS: Final = (
    "GROUPING SETS ((recent, part), (recent, queue_id), (recent, service_id), (recent, area))"
)

OPEN: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, count(*),
       count(*) FILTER (WHERE late), count(*) FILTER (WHERE risk), count(*) FILTER (WHERE reopened > 0),
       count(*) FILTER (WHERE category = %(wait_1)s), count(*) FILTER (WHERE category = %(wait_2)s),
       count(*) FILTER (WHERE category = %(wait_3)s)
FROM (
  SELECT queue_id, service_id, {_AREA}, category, reopened,
         width_bucket(opened_at, %(ages)s::timestamptz[]) AS part,
         paused_at IS NULL AND due_order < %(now)s AS late,
         paused_at IS NULL AND due_order >= %(now)s AND (risk_at <= %(now)s OR id IN (
           SELECT case_id FROM casework_casetarget
           WHERE city_id = %(city)s AND ended_at IS NULL AND risk_at <= %(now)s)) AS risk
  FROM casework_case WHERE {_MINE} AND is_open
) mine
GROUP BY GROUPING SETS ((part), (queue_id), (service_id), (area))
"""

# The three below first count by all columns at once and then add up in several ways: a few thousand sums
# are grouped four times instead of a million cases.
#
# `counted` leaves out what ended at an unknown time (taken over from a former system): it was never
# seen to leave, so it must not be seen to come when the open cases of the past are worked out.
OPENED: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, sum(n)::int, sum(reopened)::int, sum(counted)::int
FROM (
  SELECT queue_id, service_id, {_AREA}, opened_at >= %(start)s AS recent,
         {_PART.format("opened_at")} AS part, count(*) AS n, count(*) FILTER (WHERE reopened > 0) AS reopened,
         count(*) FILTER (WHERE is_open OR closed_at IS NOT NULL) AS counted
  FROM {_LIVE} JOIN casework_case c ON opened_at >= span.start AND opened_at < span.stop
  WHERE {_MINE} AND merged_into_id IS NULL
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""

CLOSED: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, sum(n)::int, sum(promised)::int, sum(kept)::int,
       sum(responses)::int, sum(responses_kept)::int, sum(arrivals)::int, sum(arrivals_kept)::int
FROM (
  SELECT queue_id, service_id, {_AREA}, closed_at >= %(start)s AS recent,
         {_PART.format("closed_at")} AS part, count(*) AS n, count(promised_at) AS promised,
         count(*) FILTER (WHERE closed_at <= promised_at) AS kept, {_ON_TARGET}
  FROM {_LIVE} JOIN casework_case c ON closed_at >= span.start AND closed_at < span.stop
  {_TARGETS}
  WHERE c.{_MINE} AND merged_into_id IS NULL
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""

TOOK: Final = f"""
SELECT service_id, closed_at >= %(start)s, least(%(most)s, extract(day FROM closed_at - opened_at)::int), count(*)
FROM {_LIVE} JOIN casework_case c ON closed_at >= span.start AND closed_at < span.stop
WHERE {_MINE} AND merged_into_id IS NULL
GROUP BY 1, 2, 3
"""

BARE: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, sum(n)::int
FROM (
  SELECT queue_id, service_id, {_AREA}, closed_at >= %(start)s AS recent, 0 AS part, count(*) AS n
  FROM {_LIVE} JOIN casework_case c ON closed_at >= span.start AND closed_at < span.stop
  WHERE {_MINE} AND merged_into_id IS NULL
    AND (outcome, service_id) IN (SELECT * FROM unnest(%(outcomes)s::text[], %(services)s::bigint[]))
    AND NOT EXISTS (
      SELECT FROM casework_photo p WHERE p.case_id = c.id AND p.kind = 'after' AND (p.removed_at IS NULL OR p.erased)
    )
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""

_SUMMED: Final = """
  city_id = %(city)s AND (%(queues)s::bigint[] IS NULL OR queue_id = ANY(%(queues)s))
  AND day >= %(first_before)s AND day <= %(last)s AND NOT day = ANY(%(live_days)s::date[])
"""
_SUMS: Final = """
  sum(opened)::int, sum(reopened)::int, sum(counted)::int, sum(closed)::int, sum(promised)::int, sum(kept)::int,
  sum(bare)::int, sum(responses)::int, sum(responses_kept)::int, sum(arrivals)::int, sum(arrivals_kept)::int
"""

# Sums of days by service tell of parts, queues and services; those by area only of areas.
SUMS: Final = f"""
SELECT GROUPING(part, queue_id, service_id) * 2 + 1, part, queue_id, service_id, NULL::text, recent, {_SUMS}
FROM (
  SELECT queue_id, service_id, day >= %(first)s AS recent,
         width_bucket(day, %(cuts)s::date[]) AS part, opened, reopened, counted, closed, promised, kept, bare,
         responses, responses_kept, arrivals, arrivals_kept
  FROM insights_dayfigure WHERE kind = 1 AND {_SUMMED}
) mine
GROUP BY GROUPING SETS ((recent, part), (recent, queue_id), (recent, service_id))
UNION ALL
SELECT {BY_AREA}, NULL, NULL, NULL, area, day >= %(first)s, {_SUMS}
FROM insights_dayfigure WHERE kind = 2 AND {_SUMMED}
GROUP BY area, day >= %(first)s
"""

SUMS_TOOK: Final = f"""
SELECT service_id, day >= %(first)s, took, sum(closed)::int
FROM insights_dayfigure WHERE kind = 3 AND {_SUMMED}
GROUP BY 1, 2, 3
"""

# How sums are made. The same conditions as above; a day is the city's own.

_DAY: Final = "({} AT TIME ZONE %(zone)s)::date"
_EVERY: Final = "city_id = %(city)s AND merged_into_id IS NULL"

_SUMMED_TARGETS: Final = ", ".join(
    f"sum({name})::int AS {name}"
    for name in ("responses", "responses_kept", "arrivals", "arrivals_kept")
)

_SUM: Final = f"""
WITH came AS (
  SELECT queue_id, service_id, {_AREA}, {_DAY.format("opened_at")} AS day, count(*) AS opened,
         count(*) FILTER (WHERE reopened > 0) AS reopened,
         count(*) FILTER (WHERE is_open OR closed_at IS NOT NULL) AS counted
  FROM casework_case WHERE {_EVERY} AND opened_at >= %(start)s AND opened_at < %(end)s
  GROUP BY 1, 2, 3, 4
), went AS (
  SELECT queue_id, service_id, {_AREA}, {_DAY.format("closed_at")} AS day,
         least(%(most)s, greatest(0, extract(day FROM closed_at - opened_at)::int)) AS took,
         count(*) AS closed, count(promised_at) AS promised,
         count(*) FILTER (WHERE closed_at <= promised_at) AS kept,
         count(*) FILTER (
           WHERE (outcome, service_id) IN (SELECT * FROM unnest(%(outcomes)s::text[], %(services)s::bigint[]))
           AND NOT EXISTS (
             SELECT FROM casework_photo p WHERE p.case_id = c.id AND p.kind = 'after' AND (p.removed_at IS NULL OR p.erased)
           )
         ) AS bare, {_ON_TARGET}
  FROM casework_case c {_TARGETS} WHERE c.{_EVERY} AND closed_at >= %(start)s AND closed_at < %(end)s
  GROUP BY 1, 2, 3, 4, 5
), both_ways AS (
  SELECT day, queue_id, service_id, area, opened, reopened, counted, 0 AS closed, 0 AS promised, 0 AS kept, 0 AS bare,
         0 AS responses, 0 AS responses_kept, 0 AS arrivals, 0 AS arrivals_kept
  FROM came
  UNION ALL
  SELECT day, queue_id, service_id, area, 0, 0, 0, closed, promised, kept, bare,
         responses, responses_kept, arrivals, arrivals_kept
  FROM went
), summed AS (
  SELECT 1 AS kind, day, queue_id, service_id, NULL::text AS area, NULL::int AS took, sum(opened)::int AS opened,
         sum(reopened)::int AS reopened, sum(counted)::int AS counted, sum(closed)::int AS closed,
         sum(promised)::int AS promised, sum(kept)::int AS kept, sum(bare)::int AS bare,
         {_SUMMED_TARGETS}
  FROM both_ways GROUP BY day, queue_id, service_id
  UNION ALL
  SELECT 2, day, queue_id, NULL, area, NULL, sum(opened)::int, sum(reopened)::int, sum(counted)::int,
         sum(closed)::int, sum(promised)::int, sum(kept)::int, sum(bare)::int, {_SUMMED_TARGETS}
  FROM both_ways GROUP BY day, queue_id, area
  UNION ALL
  SELECT 3, day, queue_id, service_id, NULL, took, 0, 0, 0, sum(closed)::int, 0, 0, 0, 0, 0, 0, 0
  FROM went GROUP BY day, queue_id, service_id, took
)
"""
_COLUMNS: Final = (
    "kind, day, queue_id, service_id, area, took, opened, reopened, counted, closed, promised, kept, bare,"
    " responses, responses_kept, arrivals, arrivals_kept"
)
_STORED: Final = "city_id = %(city)s AND day >= %(first)s AND day <= %(last)s"

SUM_UP: Final = f"""
{_SUM}
INSERT INTO insights_dayfigure (city_id, {_COLUMNS}) SELECT %(city)s, {_COLUMNS} FROM summed
"""
FORGET: Final = f"DELETE FROM insights_dayfigure WHERE {_STORED}"
UNMARK: Final = """
DELETE FROM insights_stalemoment WHERE city_id = %(city)s AND at >= %(start)s AND at < %(end)s
"""
LATE: Final = (
    Late(
        table="casework_case",
        trigger="case_stale_new",
        at_once="""
INSERT INTO insights_stalemoment (city_id, at)
SELECT DISTINCT city_id, date_bin('15 minutes', moment, '2000-01-01 00:00+00')
FROM casework_case CROSS JOIN LATERAL (VALUES (opened_at), (closed_at)) AS m(moment)
WHERE moment IS NOT NULL AND id >= {first}
""",
    ),
    # A target marks the day on which its case was closed, and so does the case.
    Late(table="casework_casetarget", trigger="target_stale_new", at_once=""),
)
"""What marks new cases, and how many of them are marked at once."""
STALE: Final = f"""
SELECT DISTINCT {_DAY.format("at")} AS day FROM insights_stalemoment
WHERE city_id = %(city)s AND {_DAY.format("at")} < %(today)s ORDER BY day
"""
PROVE: Final = f"""
{_SUM}, stored AS (SELECT {_COLUMNS} FROM insights_dayfigure WHERE {_STORED})
SELECT EXISTS (SELECT FROM insights_stalemoment WHERE city_id = %(city)s AND at >= %(start)s AND at < %(end)s),
       EXISTS ((SELECT {_COLUMNS} FROM summed EXCEPT ALL SELECT * FROM stored)
               UNION ALL (SELECT * FROM stored EXCEPT ALL SELECT {_COLUMNS} FROM summed))
"""
LIVE_DAYS: Final = f"""
SELECT EXISTS (SELECT FROM insights_rollup WHERE city_id = %(city)s AND basis = %(basis)s),
       ARRAY(SELECT DISTINCT {_DAY.format("at")} FROM insights_stalemoment
             WHERE city_id = %(city)s AND at >= %(before)s AND at < %(end)s)
"""
