"""Measures the page of figures and the file of a list, with the counts in memory thrown away each time.

`python -m bench.figures [--cases 100000,1000000] [--times 5] [--folder DIR] [--profile la]` starts a demo, multiplies its
cases and asks for the pages in a process of its own; prints one JSON line per figure.
"""

import argparse
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from bench.site import Site, multiply, profile_option, running, settle

PERIODS = ("7", "30", "90", "year")


def say(**figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps(figures), flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="100000,1000000")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    profile_option(parser)
    asked = parser.parse_args()
    with running(folder=asked.folder) as site:
        bench = Bench(site, asked.times)
        for cases in (int(n) for n in asked.cases.split(",")):
            bench.cases = multiply(site, cases, profile=asked.profile)
            say(what="summed up and settled", seconds=settle(site))
            for period in PERIODS:
                bench.page(f"/desk/figures?period={period}")
            bench.page("/desk/figures?period=30", who="supervisor")
            bench.page("/desk?show=all&closed=2000-01-01..&promise=missed")
            bench.file("/desk/cases.csv?show=all")
        bench.close()


class Bench:
    """A browser without a network: the pages, the middleware and the database of the site."""

    def __init__(self, site: Site, times: int) -> None:
        site.enter()
        from django.core.cache import caches
        from django.test import Client

        from onehall.people.models import Membership

        self.times, self.cases, self.cache = times, 0, caches["local"]
        self.clients = {}
        for role in ("agent", "supervisor"):
            members = Membership.objects.select_related("user").order_by("id")
            user = next(m.user for m in members if m.roles == [role])
            self.clients[role] = Client(headers={"host": "localhost"})
            self.clients[role].force_login(user, backend="onehall.config.accounts.SignIn")

    def page(self, path: str, *, who: str = "agent") -> None:
        """How long a page takes, counted anew each time, and how often it asks the database."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client, took, size = self.clients[who], [], 0
        client.get(path)
        for _ in range(self.times):
            self.cache.clear()
            begin = time.perf_counter()
            answer = client.get(path)
            took.append((time.perf_counter() - begin) * 1000)
            size = len(answer.content)
            assert answer.status_code == 200, path
        begin = time.perf_counter()
        client.get(path)
        again = (time.perf_counter() - begin) * 1000
        self.cache.clear()
        with CaptureQueriesContext(connection) as found:
            client.get(path)
        say(
            what=path,
            who=who,
            cases=self.cases,
            least_ms=round(min(took)),
            p50_ms=round(statistics.median(took)),
            most_ms=round(max(took)),
            kept_ms=round(again),
            sql=sum("SAVEPOINT" not in q["sql"] for q in found.captured_queries),
            bytes=size,
        )

    def file(self, path: str) -> None:
        """How fast a file is made, and by how much the process grows meanwhile."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin, rows, size, first = time.perf_counter(), 0, 0, 0.0
        for piece in self.clients["agent"].get(path).streaming_content:
            first = first or time.perf_counter() - begin
            rows += 1
            size += len(piece)
        took = time.perf_counter() - begin
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        say(
            what=path,
            cases=self.cases,
            rows=rows - 1,
            rows_per_second=round(rows / took),
            first_ms=round(first * 1000),
            bytes=size,
            grown_kb=grown,
        )

    def close(self) -> None:
        """Leave the database."""
        from django.db import connections

        connections.close_all()


if __name__ == "__main__":
    main()
