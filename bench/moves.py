"""Measures a move with its timeline, timers and outbox: rate and latency through the action and over HTTP.

`python -m bench.moves [--cases 100000,1000000] [--seconds 10] [--processes 1,2,4] [--folder DIR]` starts a
demo, multiplies its cases, holds the worker and lets that many processes make legal moves on cases of
their own, picked at random from all open ones. Every commit is durable. At the end every hash is
recomputed. One JSON line per figure.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.http import staff_cookie
from bench.site import Site, held_worker, multiply, running, settle

if TYPE_CHECKING:
    from onehall.casework.models import Case
    from onehall.casework.rules import Given
    from onehall.catalog.flows import FlowDefinition, Move
    from onehall.people.actor import Actor
    from onehall.places.models import City

WARM_SECONDS = 1.0
AHEAD = 5_000
"""Moves that a process chooses before it makes them: nobody's decision is measured."""
WORDS = {"words": "The crew was there and looked at it.", "reason": "A part is missing."}
PICK = """
SELECT id FROM casework_case
WHERE is_open AND merged_into_id IS NULL AND id %% %s = %s ORDER BY random() LIMIT 20000
"""
CONTEXT = multiprocessing.get_context("spawn")


def say(**figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps(figures), flush=True)


@dataclass
class Round:
    """What one process did: milliseconds of each move, and how many were refused."""

    took: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="100000,1000000")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with running(folder=asked.folder) as site:
        cookie = staff_cookie(site)
        for size in (int(n) for n in asked.cases.split(",")):
            cases = multiply(site, size, bare=True)
            settle(site)
            with held_worker(site):
                for count in (int(n) for n in asked.processes.split(",")):
                    measure(site, cases, count, asked.seconds)
                    measure(site, cases, count, asked.seconds, cookie)
        verify(site)


def measure(site: Site, cases: int, count: int, seconds: float, cookie: str = "") -> None:
    """Let some processes move cases for a while; with `cookie` through the pages."""
    barrier = CONTEXT.Barrier(count)
    with CONTEXT.Pool(count, _begin, (site.database, str(site.folder), barrier)) as pool:
        given = [(site.address, cookie, n, count, seconds) for n in range(count)]
        rounds = pool.starmap(_work, given, chunksize=1)
    took = sorted(ms for one in rounds for ms in one.took)
    cuts = statistics.quantiles(took, n=100)
    say(
        what="move over HTTP" if cookie else "move",
        cases=cases,
        processes=count,
        per_second=round(len(took) / seconds, 1),
        p50_ms=round(cuts[49], 2),
        p95_ms=round(cuts[94], 2),
        p99_ms=round(cuts[98], 2),
        moves=len(took),
        refused=sum(one.refused for one in rounds),
        load=round(os.getloadavg()[0], 1),
    )


_barrier: Barrier


def _begin(database: str, folder: str, barrier: Barrier) -> None:
    # A pool hands it to its processes only here.
    global _barrier
    _barrier = barrier
    os.environ |= {
        "DATABASE_URL": database,
        "ONEHALL_DATA": folder,
        "ONEHALL_MODE": "demo",
        "ONEHALL_DB_POOL": "0",
        "DJANGO_SETTINGS_MODULE": "onehall.config.settings",
    }
    import django

    django.setup()


def _work(address: str, cookie: str, number: int, count: int, seconds: float) -> Round:
    from django.db import connection

    player = Player(number, count, Pages(address, cookie) if cookie else None)
    done = Round()
    _barrier.wait(60)
    warm, end = time.perf_counter() + WARM_SECONDS, 0.0
    while not end or time.perf_counter() < end:
        took = player.step()
        if not end:
            end = time.perf_counter() + seconds if time.perf_counter() > warm else 0.0
        elif took is None:
            done.refused += 1
        else:
            done.took.append(took * 1000)
    connection.close()
    return done


class Pages:
    """A browser that sends only the form of a move."""

    def __init__(self, address: str, cookie: str) -> None:
        token = re.search(r"csrftoken=([^;]+)", cookie)
        assert token
        self.token = token[1]
        self.headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        self.line = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)

    def send(self, case: "Case", move: str, given: dict[str, str]) -> bool:
        """Post a move as the page of the case does; whether it was made."""
        form = {"csrfmiddlewaretoken": self.token, "move": move, "seen": case.lock, "asked": 1}
        path = f"/desk/cases/{urllib.parse.quote(case.number)}/move"
        self.line.request("POST", path, urllib.parse.urlencode(form | given), self.headers)
        answer = self.line.getresponse()
        answer.read()
        if answer.status not in (302, 303, 409, 422):
            raise SystemExit(f"{path} answered {answer.status}.")
        return answer.status in (302, 303)


class Player:
    """Makes one legal move after the other, each on another case."""

    def __init__(self, number: int, count: int, pages: Pages | None) -> None:
        from django.db import connection

        from onehall.places.models import City

        with connection.cursor() as cursor:
            cursor.execute(PICK, [count, number])
            self.ids = [row[0] for row in cursor.fetchall()]
        random.shuffle(self.ids)
        self.city: City = City.objects.get()
        self.by: Actor = _agent(self.city)
        self.pages = pages
        self.plans: list[tuple[Case, Move, dict[str, str]]] = []
        self._plan()

    def step(self) -> float | None:
        """Make a move that the flow allows; the seconds it took, None when it was refused."""
        from onehall.casework import actions
        from onehall.casework.errors import CaseworkRefused

        if not self.plans:
            self._plan()
        case, move, given = self.plans.pop()
        begin = time.perf_counter()
        if self.pages is not None:
            made = self.pages.send(case, move.key, given)
            return time.perf_counter() - begin if made else None
        try:
            actions.make_move(
                city=self.city, case_id=case.pk, move=move.key, by=self.by,
                now=datetime.now(UTC), given=_given(given), seen=case.lock,
            )  # fmt: skip
        except CaseworkRefused:
            return None
        return time.perf_counter() - begin

    def _plan(self) -> None:
        """Read the next cases beforehand, as the page did on which somebody presses a button."""
        from onehall.casework.models import Case
        from onehall.catalog.queries import catalogue

        ids, self.ids = self.ids[:AHEAD], self.ids[AHEAD:] + self.ids[:AHEAD]
        for case in Case.objects.filter(pk__in=ids):
            flow = catalogue(self.city).flow_version(case.flow_version_id)
            moves = [
                m for m in flow.moves.values() if case.state in m.sources and m.by & self.by.roles
            ]
            if moves:
                move = random.choice(moves)
                self.plans.append((case, move, WORDS | _end_of(flow, move)))
        random.shuffle(self.plans)
        if not self.plans:
            raise SystemExit("No case can be moved any more.")


def _given(form: dict[str, str]) -> "Given":
    from onehall.casework.rules import Given

    return Given(
        words=form["words"],
        reason=form["reason"],
        outcome=form.get("outcome", ""),
        handed_to=form.get("handed_to", ""),
    )


def _end_of(flow: "FlowDefinition", move: "Move") -> dict[str, str]:
    """An end that wants no photo: the good one, the first, may want one."""
    if move.purpose != "close":
        return {}
    return {"outcome": random.choice(list(flow.outcomes)[1:] or [""]), "handed_to": "The county."}


def _agent(city: "City") -> "Actor":
    from onehall.people.models import Membership
    from onehall.people.queries import staff_actor

    members = Membership.objects.filter(city=city).select_related("user").order_by("id")
    found = staff_actor(next(m.user for m in members if m.roles == ["agent"]), city)
    assert found
    return found


def verify(site: Site) -> None:
    """Recompute the hash of every entry; ends the measurement as failed when one is wrong."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "onehall", "timeline", "verify"],
        env={**os.environ, "DATABASE_URL": site.database, "ONEHALL_DATA": str(site.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    said = [line for line in done.stdout.splitlines() if "entries" in line]
    seconds = round(time.perf_counter() - begin, 1)
    say(what="timeline verify", said=" ".join(said).strip(), seconds=seconds)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
