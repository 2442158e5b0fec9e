"""The questions behind the figures. Each reads its cases once and groups them in several ways.

`level` says which column a row is grouped by. Joined cases never count: their work is another's.
What each figure means is written in docs/offices/figures.md, and `casework.selection` selects the same
cases for the lists; a test holds the two together.
"""
# ruff: noqa: S608  # put together from the constants of this file; every value is a parameter

from typing import Final

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
  FROM casework_case
  WHERE {_MINE} AND merged_into_id IS NULL AND opened_at >= %(before)s AND opened_at < %(end)s
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""

CLOSED: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, sum(n)::int, sum(promised)::int, sum(kept)::int
FROM (
  SELECT queue_id, service_id, {_AREA}, closed_at >= %(start)s AS recent,
         {_PART.format("closed_at")} AS part, count(*) AS n, count(promised_at) AS promised,
         count(*) FILTER (WHERE closed_at <= promised_at) AS kept
  FROM casework_case
  WHERE {_MINE} AND merged_into_id IS NULL AND closed_at >= %(before)s AND closed_at < %(end)s
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""

TOOK: Final = f"""
SELECT service_id, closed_at >= %(start)s, least(%(most)s, extract(day FROM closed_at - opened_at)::int), count(*)
FROM casework_case
WHERE {_MINE} AND merged_into_id IS NULL AND closed_at >= %(before)s AND closed_at < %(end)s
GROUP BY 1, 2, 3
"""

BARE: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, sum(n)::int
FROM (
  SELECT queue_id, service_id, {_AREA}, closed_at >= %(start)s AS recent, 0 AS part, count(*) AS n
  FROM casework_case c
  WHERE {_MINE} AND merged_into_id IS NULL AND closed_at >= %(before)s AND closed_at < %(end)s
    AND (outcome, service_id) IN (SELECT * FROM unnest(%(outcomes)s::text[], %(services)s::bigint[]))
    AND NOT EXISTS (
      SELECT FROM casework_photo p WHERE p.case_id = c.id AND p.kind = 'after' AND p.removed_at IS NULL
    )
  GROUP BY 1, 2, 3, 4, 5
) mine
GROUP BY {_SETS}
"""
