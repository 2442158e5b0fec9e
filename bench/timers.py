"""Measures how fast due timers are swept by two workers, one of which is killed when half are done.

`python -m bench.timers [--timers 10000] [--within 30]` makes a demo on a scratch server of its own, gives copies
of its cases timers that are due, and starts two workers as a city runs them. It fails unless every timer
fired once, no case was acted on twice, every hash holds, and all was done within the seconds asked for.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench import ballast, database

ACTS = "('moved', 'reminded', 'escalated')"
TWICE = f"""
SELECT count(*) FROM (
  SELECT t.case_id FROM casework_timer t
  LEFT JOIN casework_timelineentry e
    ON e.case_id = t.case_id AND e.kind IN {ACTS} AND e.actor_kind = 'system'
  WHERE t.case_id > %(base)s
  GROUP BY t.case_id HAVING count(e.seq) <> 1
) wrong
"""
LEFT = "SELECT count(*) FROM casework_timer WHERE fired_at IS NULL AND case_id > %s"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timers", type=int, default=10_000)
    parser.add_argument("--within", type=float, default=30)
    asked = parser.parse_args()
    with database.demo() as url, psycopg.connect(url, autocommit=True) as db:
        base = database.number(db, "SELECT max(id) FROM casework_case")
        ballast.multiply(db, originals=base, cases=2 * asked.timers + 12_000, bare=True)
        given = give_timers(base, asked.timers)
        swept = sweep(url, db, base, given)
        wrong = database.number(db, TWICE, {"base": base})
        report(given, swept, wrong)
        verify(url)
        if wrong:
            sys.exit(f"{wrong} cases were not acted on exactly once.")
        if swept["seconds"] > asked.within:
            sys.exit(f"It took longer than {asked.within:g} seconds.")


def give_timers(base: int, wanted: int) -> int:
    """Put copies of cases into states that wait for something, with their timers due; how many."""
    from onehall.casework.models import Case, Timer
    from onehall.casework.progress import timers_of
    from onehall.catalog import categories
    from onehall.catalog.queries import catalogue
    from onehall.places.models import City

    city = City.objects.get()
    due, cases, made = datetime.now(UTC) - timedelta(minutes=1), [], []
    for case in Case.objects.filter(pk__gt=base, merged_into=None).order_by("id").iterator():
        flow = catalogue(city).flow_version(case.flow_version_id)
        waiting = [s for s in flow.states.values() if s.timers]
        if not waiting:
            continue
        state = waiting[case.pk % len(waiting)]
        case.state, case.category = state.key, state.category
        case.is_open = categories.is_open(state.category)
        case.closed_at = None if case.is_open else case.opened_at
        cases.append(case)
        timer = timers_of(case, flow, city=city, since=due)[0]
        timer.at = due
        made.append(timer)
        if len(made) == wanted:
            break
    Case.objects.bulk_update(cases, ["state", "category", "is_open", "closed_at"], batch_size=2_000)
    Timer.objects.bulk_create(made, batch_size=2_000)
    return len(made)


def sweep(url: str, db: psycopg.Connection, base: int, given: int) -> dict[str, float]:
    """Run two workers until nothing is due; kill one when half is done."""
    environment = {**os.environ, "DATABASE_URL": url}
    workers = [
        subprocess.Popen([sys.executable, "-m", "onehall", "worker"], env=environment)
        for _ in range(2)
    ]
    start, first, killed = time.perf_counter(), 0.0, 0
    try:
        while left := database.number(db, LEFT, [base]):
            now = time.perf_counter()
            if left < given and not first:
                first = now
            if left <= given / 2 and not killed:
                assert workers[0].poll() is None, "The worker ended before it was killed."
                workers[0].send_signal(signal.SIGKILL)
                killed = given - left
            if now - start > 600:
                sys.exit(f"{left} timers are still due after ten minutes.")
            time.sleep(0.05)
        end = time.perf_counter()
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait(60)
    assert killed, "Everything was done before a worker could be killed."
    return {
        "seconds": round(end - first, 1),
        "with_start_of_workers": round(end - start, 1),
        "fired_at_the_kill": killed,
    }


def report(given: int, swept: dict[str, Any], wrong: int) -> None:
    """One line of JSON."""
    rate = round(given / swept["seconds"]) if swept["seconds"] else None
    load = round(os.getloadavg()[0], 1)
    facts = {"what": "timers", "timers": given, **swept, "per_second": rate, "wrong": wrong}
    print(json.dumps(facts | {"load": load}), flush=True)


def verify(url: str) -> None:
    """Recompute the hash of every entry; ends the measurement as failed when one is wrong."""
    command = [sys.executable, "-m", "onehall", "timeline", "verify"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True)


if __name__ == "__main__":
    main()
