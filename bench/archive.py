"""Measures what the archive costs and saves: how fast histories go into files, how large they are there, how fast pages read them.

`python -m bench.archive [--cases 100000]` makes up three years of cases on a durable scratch server of its own, opens the
pages of some of them, archives everything that ended more than 180 days ago, and opens the same pages again. It fails
unless every due case was archived, every hash holds, each page says the same as before, and histories that are brought
back are what they were.
"""

import argparse
import json
import os
import re
import statistics
import sys
import time
from datetime import datetime
from typing import Any

import psycopg

from bench import database, retention

RULES = {"archive_after": "180 days"}
TABLES = ("casework_case", "casework_timelineentry", "casework_timer", "casework_casepause")
MOVED = TABLES[1:]
PAGES = 60
BACK = 1_000
ALL = "SELECT md5(string_agg(e::text, '|' ORDER BY e.case_id, e.seq)) FROM casework_timelineentry e WHERE e.case_id = ANY(%s)"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument(
        "--piece", type=int, help="archive so many at a time, with a vacuum in between"
    )
    asked = parser.parse_args()
    with database.migrated() as url, psycopg.connect(url, autocommit=True) as db:
        now = make(asked.cases)
        settle(db)
        before = sizes(db, full=True)
        due, entries, ids = due_of(db, now)
        pages = Pages(ids)
        first = pages.read()
        print_of = db.execute(ALL, [ids[:BACK]]).fetchone()
        done = run(db, now, asked.piece)
        clean(db, full=False)
        kept = sizes(db, full=False)
        after = sizes(db, full=True)
        last = pages.read()
        idle = run(db, now, None)["seconds"]
        begin = time.perf_counter()
        faults = verify()
        seconds = time.perf_counter() - begin
        files = stock()
        back = bring_back(ids[:BACK])
        facts = {
            "what": "archive", "cases": asked.cases, "piece": asked.piece, "due": due, "entries": entries, **done,
            "cases_per_second": round(done["archived"] / done["seconds"]),
            "rows_per_second": round(entries / done["seconds"]),
            "bytes_per_case_in_tables": round((moved(before) - moved(after)) / max(1, done["archived"])),
            "bytes_per_case_in_files": round(files["size"] / max(1, done["archived"])),
            "files": files["files"], "nothing_due_seconds": idle,
            "tables_mb_before": in_mb(before), "after_vacuum_mb": in_mb(kept), "after_vacuum_full_mb": in_mb(after),
            "files_mb": round(files["size"] / 1e6, 1),
            "staff_page_ms": [first["staff"], last["staff"]],
            "resident_page_ms": [first["resident"], last["resident"]],
            "history_ms": [first["history"], last["history"]],
            "brought_back_per_second": back, "faults": faults, "verify_seconds": round(seconds, 1),
            "load": round(os.getloadavg()[0], 1),
        }  # fmt: skip
        print(json.dumps(facts), flush=True)
        same = db.execute(ALL, [ids[:BACK]]).fetchone() == print_of
    if not due or done["archived"] != due or faults or not same or last["said"] != first["said"]:
        sys.exit("Not everything that was due was archived, or something is not what it was.")


def make(cases: int) -> datetime:
    """The made-up city with a long past and the rule, and what its pages need; the moment at which it is now."""
    from django.core.management import call_command

    now = retention.make(cases, RULES)
    call_command("collectstatic", interactive=False, verbosity=0)
    return now


def settle(db: psycopg.Connection) -> None:
    """Timers of ended cases are fired long ago in a city that lives; made-up ones are marked so."""
    db.execute(
        "UPDATE casework_timer t SET fired_at = t.at FROM casework_case c"
        " WHERE c.id = t.case_id AND t.fired_at IS NULL AND NOT c.is_open"
    )


def due_of(db: psycopg.Connection, now: datetime) -> tuple[int, int, list[int]]:
    """Cases and entries that are due, and the first cases of them."""
    from onehall.places import retention

    term = retention.archive_term(RULES, {})
    assert term is not None
    where = (
        "closed_at < %(at)s AND updated_at < %(at)s AND merged_into_id IS NULL AND NOT EXISTS"
        " (SELECT FROM casework_timer t WHERE t.case_id = c.id AND t.fired_at IS NULL)"
    )
    given: dict[str, Any] = {"at": term.before(now)}
    joined = f"merged_into_id IN (SELECT id FROM casework_case c WHERE {where})"
    cases = database.number(
        db, f"SELECT count(*) FROM casework_case c WHERE {where} OR {joined}", given
    )
    entries = database.number(
        db, f"SELECT sum(lock) FROM casework_case c WHERE {where} OR {joined}", given
    )
    rows = db.execute(
        f"SELECT id FROM casework_case c WHERE {where} ORDER BY md5(id::text) LIMIT {BACK}", given
    )
    return cases, entries, [row[0] for row in rows]


def sizes(db: psycopg.Connection, *, full: bool) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    clean(db, full=full)
    sql = "SELECT coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%(t)s)), pg_total_relation_size(%(t)s))"
    return {table: database.number(db, sql, {"t": table}) for table in TABLES}


def clean(db: psycopg.Connection, *, full: bool) -> None:
    """Vacuum what is measured."""
    for table in TABLES:
        db.execute(f"VACUUM {'FULL ' if full else ''}ANALYZE {table}")


def moved(found: dict[str, int]) -> int:
    """Bytes of the tables whose rows go into files."""
    return sum(found[table] for table in MOVED)


def in_mb(found: dict[str, int]) -> dict[str, float]:
    """The same by table in megabytes."""
    return {table.removeprefix("casework_"): round(size / 1e6, 1) for table, size in found.items()}


def run(db: psycopg.Connection, now: datetime, piece: int | None) -> dict[str, Any]:
    """Archive everything that is due, in this process; the seconds are without those of the vacuum."""
    from onehall.casework import archiving
    from onehall.places.models import City

    city, failed, count, seconds = City.objects.get(), set[int](), 0, 0.0
    while True:
        begin = time.perf_counter()
        more = archiving.carry_out(city, now=now, most=piece, failed=failed)
        seconds += time.perf_counter() - begin
        count += more
        if piece is None or not more:
            break
        clean(db, full=False)
    return {"archived": count, "failed": len(failed), "seconds": round(seconds, 2)}


def verify() -> int:
    """How many timelines do not hold, those in files included."""
    from onehall.casework import verify as checking

    return sum(1 for _ in checking.faults())


def stock() -> dict[str, int]:
    """Files of the archive and their bytes."""
    from onehall.casework import archiving
    from onehall.places.models import City

    found = archiving.stock(City.objects.get())
    return {"files": found.files, "size": found.size}


def bring_back(ids: list[int]) -> int:
    """How many histories a second come back, one transaction each as when somebody adds to a case."""
    from onehall.casework import archiving
    from onehall.places.models import City

    city = City.objects.get()
    begin = time.perf_counter()
    count = sum(archiving.restore(city, [pk]) for pk in ids)
    return round(count / (time.perf_counter() - begin))


class Pages:
    """The pages of some cases, opened by staff and by the residents who reported them."""

    def __init__(self, ids: list[int]) -> None:
        from django.test import Client

        from onehall.casework.models import Case
        from onehall.people.models import Membership, User
        from onehall.service_requests.models import ServiceRequest

        admins = Membership.objects.filter(roles__contains=["admin"], active=True)
        user = User.objects.get(pk=admins.order_by("pk").values_list("user_id", flat=True)[0])
        self.staff = Client(headers={"host": "localhost"})
        self.staff.force_login(user, backend="onehall.config.accounts.SignIn")
        self.stranger = Client(headers={"host": "localhost"})
        cases = dict(Case.objects.filter(pk__in=ids[:PAGES]).values_list("pk", "number"))
        self.ids = list(cases)
        self.staff_pages = [f"/desk/cases/{number}" for number in cases.values()]
        for n, report in enumerate(ServiceRequest.objects.filter(case_id__in=cases).order_by("pk")):
            if not report.token:
                ServiceRequest.objects.filter(pk=report.pk).update(token=f"measured{n:016d}")
        tokens = ServiceRequest.objects.filter(case_id__in=cases).exclude(token=None)
        self.resident_pages = [
            f"/r/{token}" for token in tokens.order_by("pk").values_list("token", flat=True)
        ]

    def read(self) -> dict[str, Any]:
        """The median of each, in milliseconds, and what the pages say; nothing is kept of the archive before."""
        from django.core.cache import caches

        from onehall.casework import queries
        from onehall.casework.models import Case

        found: dict[str, Any] = {"said": []}
        for name, client, pages in (
            ("staff", self.staff, self.staff_pages),
            ("resident", self.stranger, self.resident_pages),
        ):
            client.get(pages[0])
            caches["local"].clear()
            took = []
            for page in pages:
                begin = time.perf_counter()
                answer = client.get(page)
                took.append((time.perf_counter() - begin) * 1000)
                assert answer.status_code == 200, (page, answer.status_code)
                found["said"].append(_said(answer.content.decode()))
            found[name] = round(statistics.median(took), 1)
        caches["local"].clear()
        took = []
        for case in Case.objects.filter(pk__in=self.ids).order_by("pk"):
            begin = time.perf_counter()
            assert queries.timeline_of(case)
            took.append((time.perf_counter() - begin) * 1000)
        found["history"] = round(statistics.median(took), 2)
        return found


def _said(page: str) -> list[str]:
    """What the history of a page says: its lines, without what the page says of the archive itself."""
    return re.findall(r'<ol class="time">.*?</ol>|<time[^>]*>', page, re.DOTALL)


if __name__ == "__main__":
    main()
