"""Measures how fast rules of retention erase what is due, by two workers of which one is killed when half is done.

`python -m bench.retention [--cases 20000] [--within 60]` makes up three years of cases with their reports, people,
words and mail on a durable scratch server of its own, gives the city rules, and lets two processes erase what is due,
as workers do. It fails unless every case that was due was erased once and no other, every hash holds, and all was done
within the seconds asked for.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench import database

RULES = {"contact": "90 days", "words": "1 year", "photos": "1 year"}
CHILD = """
import django, sys
django.setup()
from datetime import datetime
from onehall.service_requests import retention
while retention.carry_out_some(now=datetime.fromisoformat(sys.argv[1])):
    pass
"""
LEFT = """
SELECT count(*) FROM casework_case
WHERE merged_into_id IS NULL AND (closed_at < %(contact)s AND erased & 1 = 0
   OR closed_at < %(words)s AND erased & 6 <> 6)
"""
WRONG = """
SELECT count(*) FROM (
  SELECT c.id, c.erased, count(e.seq) AS told, min(c.closed_at) AS closed
  FROM casework_case c
  LEFT JOIN casework_timelineentry e ON e.case_id = c.id AND e.kind = 'erased'
  WHERE c.merged_into_id IS NULL GROUP BY c.id, c.erased
) x WHERE told <> CASE WHEN erased = 0 THEN 0 ELSE 1 END
   OR (erased <> 0) <> coalesce(closed < %(contact)s, false)
"""
KEPT = """
SELECT count(*) FROM service_requests_servicerequest r JOIN casework_case c ON c.id = r.case_id
WHERE c.closed_at < %(contact)s AND r.person_id IS NOT NULL OR c.closed_at < %(words)s AND r.words <> ''
"""


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--within", type=float, default=120)
    asked = parser.parse_args()
    with database.migrated() as url, psycopg.connect(url, autocommit=True) as db:
        now = make(asked.cases, RULES)
        ends = ends_of(now)
        due = database.number(db, LEFT, ends)
        planned = plan(now)
        done = run(url, db, now, ends, due)
        wrong, kept = database.number(db, WRONG, ends), database.number(db, KEPT, ends)
        idle = idle_seconds(now)
        begin = time.perf_counter()
        faults = verify()
        facts = {
            "what": "retention", "cases": asked.cases, "due": due, **done, "plan_seconds": planned,
            "nothing_due_seconds": idle, "wrong": wrong, "kept": kept, "faults": faults,
            "verify_seconds": round(time.perf_counter() - begin, 1), "load": round(os.getloadavg()[0], 1),
        }  # fmt: skip
        print(json.dumps(facts), flush=True)
    if wrong or kept or faults:
        sys.exit("Something was not erased, erased twice, or broke the chain.")
    if done["seconds"] > asked.within:
        sys.exit(f"It took longer than {asked.within:g} seconds.")


def make(cases: int, rules: Mapping[str, Any]) -> datetime:
    """The made-up city with a long past and some rules; the moment at which it is now."""
    from onehall.cli import city as city_commands
    from onehall.cli.demo_city import PACK
    from onehall.places.models import City
    from onehall.service_requests.generating import profile, storing
    from onehall.service_requests.generating.running import run_to_end

    city_commands.apply(PACK, with_staff=True)
    now, chosen = datetime.now(UTC), profile.load("la")
    made = storing.begin(
        city=City.objects.get(), profile=chosen, seed=1, cases=cases, years=3, until=now, lanes=2, now=now
    )  # fmt: skip
    run_to_end(
        made, chosen, processes=2, rebuild=False, now=now, told=lambda _n: None, rebuilt=lambda *_: None
    )  # fmt: skip
    City.objects.update(retention=rules)
    return now


def ends_of(now: datetime) -> dict[str, datetime]:
    """Before when a case must have ended, by rule."""
    from onehall.places import retention

    return {kind: term.before(now) for kind, term in retention.terms(RULES, {}).items()}


def plan(now: datetime) -> float:
    """Seconds that the plan takes."""
    from onehall.places.models import City
    from onehall.service_requests import retention

    begin = time.perf_counter()
    retention.plan(City.objects.get(), now=now)
    return round(time.perf_counter() - begin, 3)


def idle_seconds(now: datetime) -> float:
    """Seconds that a run takes when nothing is due."""
    from onehall.service_requests import retention

    begin = time.perf_counter()
    retention.carry_out_some(now=now)
    return round(time.perf_counter() - begin, 3)


def run(
    url: str, db: psycopg.Connection, now: datetime, ends: dict[str, datetime], due: int
) -> dict[str, Any]:
    """Two processes until nothing is due; one is killed when half is done."""
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-c", CHILD, now.isoformat()]
    workers = [subprocess.Popen(command, env=environment) for _ in range(2)]
    first, killed = 0.0, 0
    try:
        while left := database.number(db, LEFT, ends):
            if left < due and not first:
                first = time.perf_counter()
                begun = due - left
            if left <= due / 2 and not killed:
                assert workers[0].poll() is None, "The worker ended before it was killed."
                workers[0].send_signal(signal.SIGKILL)
                killed = due - left
            assert any(w.poll() is None for w in workers), f"{left} cases were left over."
            time.sleep(0.05)
        seconds = time.perf_counter() - first
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait(60)
    assert killed, "Everything was done before a worker could be killed."
    return {
        "seconds": round(seconds, 1),
        "erased_at_the_kill": killed,
        "per_second": round((due - begun) / seconds),
    }


def verify() -> int:
    """How many timelines do not hold."""
    from onehall.casework import verify as checking

    return sum(1 for _ in checking.faults())


if __name__ == "__main__":
    main()
