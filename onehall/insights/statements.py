"""The four questions behind the figures. Each reads its cases once and groups them in several ways.

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
_MINE: Final = "city_id = %(city)s AND (%(queues)s::bigint[] IS NULL OR queue_id = ANY(%(queues)s))"
_AREA: Final = "areas ->> %(layer)s AS area"
_PART: Final = "width_bucket({}, %(edges)s::timestamptz[])"

OPEN: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, count(*),
       count(*) FILTER (WHERE late), count(*) FILTER (WHERE risk), count(*) FILTER (WHERE reopened > 0),
       count(*) FILTER (WHERE category = %(wait_1)s), count(*) FILTER (WHERE category = %(wait_2)s),
       count(*) FILTER (WHERE category = %(wait_3)s)
FROM (
  SELECT queue_id, service_id, {_AREA}, category, reopened,
         width_bucket(opened_at, %(ages)s::timestamptz[]) AS part,
         paused_at IS NULL AND due_order < %(now)s AS late,
         paused_at IS NULL AND due_order >= %(now)s AND due_order < %(soon)s AS risk
  FROM casework_case WHERE {_MINE} AND is_open
) mine
GROUP BY GROUPING SETS ((part), (queue_id), (service_id), (area))
"""

# `counted` leaves out what ended at an unknown time (taken over from a former system): it was never
# seen to leave, so it must not be seen to come when the open cases of the past are worked out.
OPENED: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, count(*),
       count(*) FILTER (WHERE reopened > 0), count(*) FILTER (WHERE counted)
FROM (
  SELECT queue_id, service_id, {_AREA}, reopened, opened_at >= %(start)s AS recent,
         is_open OR closed_at IS NOT NULL AS counted, {_PART.format("opened_at")} AS part
  FROM casework_case
  WHERE {_MINE} AND merged_into_id IS NULL AND opened_at >= %(before)s AND opened_at < %(end)s
) mine
GROUP BY GROUPING SETS ((recent, part), (recent, queue_id), (recent, service_id), (recent, area))
"""

CLOSED: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, count(*),
       count(promised_at), count(*) FILTER (WHERE closed_at <= promised_at), days
FROM (
  SELECT queue_id, service_id, {_AREA}, promised_at, closed_at, closed_at >= %(start)s AS recent,
         least(%(most)s, greatest(0, floor(extract(epoch FROM closed_at - opened_at) / 86400)))::int AS days,
         {_PART.format("closed_at")} AS part
  FROM casework_case
  WHERE {_MINE} AND merged_into_id IS NULL AND closed_at >= %(before)s AND closed_at < %(end)s
) mine
GROUP BY GROUPING SETS ((recent, part), (recent, queue_id), (recent, service_id, days), (recent, area))
"""

BARE: Final = f"""
SELECT {_LEVEL}, part, queue_id, service_id, area, recent, count(*)
FROM (
  SELECT queue_id, service_id, {_AREA}, closed_at >= %(start)s AS recent, 0 AS part
  FROM casework_case c
  WHERE {_MINE} AND merged_into_id IS NULL AND closed_at >= %(before)s AND closed_at < %(end)s
    AND (outcome, service_id) IN (SELECT * FROM unnest(%(outcomes)s::text[], %(services)s::bigint[]))
    AND NOT EXISTS (
      SELECT FROM casework_photo p WHERE p.case_id = c.id AND p.kind = 'after' AND p.removed_at IS NULL
    )
) mine
GROUP BY GROUPING SETS ((recent, part), (recent, queue_id), (recent, service_id), (recent, area))
"""
