"""Measures the hour of a storm: everybody looks, some report with photos, the staff work, all at once.

`python -m bench.storm [--cases 20000] [--seconds 60] [--residents 6] [--readers 32] [--staff 4] [--folder DIR]` starts a
whole durable site, and prints one JSON line for each kind of request: good answers a second, how long they took, and how
many were told to come back (503). Afterwards every report that was accepted is looked for in the database.

With `--reports 10 --reads 400` people send and ask so many times a second together instead of without a pause: the goal
of the design is `--reports 10 --reads 400 --staff 20 --seconds 600 --p95-ms 300`. The rates that were reached are printed.

It ends as failed when a report is lost or there twice, when one is not accepted for any other reason than that everybody
was busy, or when 95 in 100 took longer than `--report-ms` to send. Everybody asks again as soon as the last answer
is there: readers at once, and a second after they were told to come back; residents and staff after they read for a moment.
The people share the machine with the site, and their processor time is given.
"""

import argparse
import json
import random
import re
import sys
import threading
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.crowd import Browser, Crowd, Pace
from bench.http import machine, say, staff_cookie
from bench.site import Site, multiply, profile_option, running, settle
from onehall.cli import demo_pictures
from onehall.kernel import cells

SERVICE = "pothole"
FORM, PHOTO, REPORT = "open the form", "send a photo ahead", "send a report"
LIST, TILE, STATUS = "list with map", "map tile", "status page"
DESK, ALIVE = "inbox and case", "sign of life"
MIDDLE = (-124.16, 44.6)
ZOOMS = (12, 13, 14, 15, 16)
PICTURES = 16
"""Different pictures that are sent, 1200 x 900 each, about as a phone sends them after our script made them smaller."""
READ_SECONDS = (0.3, 1.2)
"""How long residents and staff read before they go on."""
IMPATIENT_SECONDS = 1.0
"""After which somebody comes back who was told to."""
TWICE = 5
"""Every so many reports, one is sent a second time, as by a double tap."""
MOST_TRIES = 20
SETTLE_SECONDS = 30
"""The most that is waited for the site to sum up its past before the storm; in a real one it would not wait either."""


@dataclass
class Sent:
    """Reports that were accepted: by key the secret of their page, and how many photos they carry."""

    token: dict[str, str] = field(default_factory=dict)
    photos: dict[str, int] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    differed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, key: str, token: str, photos: int) -> None:
        """Remember one; a second time it must be the same."""
        with self.lock:
            self.differed += self.token.setdefault(key, token) != token
            self.photos[key] = photos


@dataclass(frozen=True)
class Town:
    """What people ask for, found before the load begins."""

    places: tuple[tuple[str, str], ...]
    pictures: tuple[bytes, ...]
    tokens: tuple[str, ...]
    numbers: tuple[str, ...]
    cookie: str


def town(site: Site) -> Town:
    """Places, pictures, links and cases of a site, and somebody's sign-in."""
    places: list[tuple[str, str]] = []
    for number in range(1, 60, 2):
        with urllib.request.urlopen(f"{site.address}/places/find?q={number}+Mill+Lane") as answer:
            places += [(p["words"], p["pick"]) for p in json.load(answer)["places"][:1]]
    kinds = sorted(demo_pictures.KINDS)
    pictures = [
        demo_pictures.jpeg(kinds[n % len(kinds)], after=False, seed=n) for n in range(PICTURES)
    ]
    with site.connect() as db:
        tokens = db.execute(
            "SELECT token FROM service_requests_servicerequest WHERE token IS NOT NULL"
            " ORDER BY id DESC LIMIT 1000"
        ).fetchall()
        numbers = db.execute(
            "SELECT number FROM casework_case WHERE is_open ORDER BY id DESC LIMIT 500"
        ).fetchall()
    return Town(
        tuple(dict.fromkeys(places)),
        tuple(pictures),
        tuple(row[0] for row in tokens),
        tuple(row[0] for row in numbers),
        staff_cookie(site),
    )


def resident(crowd: Crowd, here: Town, sent: Sent, seed: int, rate: float) -> None:
    """Opens the form, chooses a place and one or two photos, sends it; then the next resident does."""
    dice = random.Random(seed)
    pace = Pace(crowd, rate, dice)
    while pace.waits():
        browser = Browser(crowd)
        if (token := _opened(browser)) and browser.rest(dice.uniform(*READ_SECONDS)):
            _report(browser, here, sent, token, dice)
        browser.close()
        if not token:
            browser.rest(IMPATIENT_SECONDS)


def _opened(browser: Browser) -> str:
    page = browser.get(FORM, f"/report/{SERVICE}")
    if not page.good:
        return ""
    text = page.text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
    assert found, "the form has no token"
    return found[1]


def _report(browser: Browser, here: Town, sent: Sent, token: str, dice: random.Random) -> None:
    """Half of them send their photos ahead, as our script does; the others with the form."""
    # Never from the dice: in a folder that was measured before, the same key is the same report.
    key, photos = str(uuid.uuid4()), ()
    chosen = tuple(dice.sample(here.pictures, dice.choice((1, 1, 2))))
    if dice.random() < 0.5:
        for photo in chosen:
            _insist(lambda photo=photo: _ahead(browser, token, key, photo))  # type: ignore[misc]
    else:
        photos = chosen
    words, pick = dice.choice(here.places)
    fields = {
        "csrfmiddlewaretoken": token,
        "key": key,
        "where": words,
        "pick": pick,
        "words": "A branch lies in the road.",
        "email": f"{key[:8]}@resident.example",
        "q_size": "tire",
        "do": "send",
    }
    for time_of_it in range(2 if dice.randrange(TWICE) == 0 else 1):
        found = _insist(lambda: _send(browser, fields, photos))
        if found:
            sent.accept(key, found, len(chosen))
        elif not time_of_it:
            sent.given_up.append(key)
            return


def _ahead(browser: Browser, token: str, key: str, photo: bytes) -> str:
    answer = browser.post(PHOTO, f"/drafts/{key}/photos", {"csrfmiddlewaretoken": token}, (photo,))
    return "sent" if answer.good else ""


def _send(browser: Browser, fields: dict[str, str], photos: tuple[bytes, ...]) -> str:
    answer = browser.post(REPORT, f"/report/{SERVICE}", fields, photos)
    found = re.match(r"/r/([\w-]+)\?", answer.headers.get("Location", ""))
    return found[1] if found else ""


def _insist(attempt: Callable[[], str]) -> str:
    """Try until it is taken; somebody with something to say does not go home when the time is over."""
    for _number in range(MOST_TRIES):
        if found := attempt():
            return found
        time.sleep(IMPATIENT_SECONDS)
    return ""


def reader(crowd: Crowd, here: Town, seed: int, rate: float) -> None:
    """Looks at the list with its map, moves the map, asks for its tiles, looks at a report's page."""
    dice = random.Random(seed)
    browser = Browser(crowd)
    pace = Pace(crowd, rate, dice)
    while pace.waits():
        kind, path = _wanted(here, dice)
        answer = browser.get(kind, path)
        if not answer.good:
            browser.rest(IMPATIENT_SECONDS)
    browser.close()


def _wanted(here: Town, dice: random.Random) -> tuple[str, str]:
    thing = dice.random()
    if thing < 0.25:
        return LIST, "/city"
    lon, lat = MIDDLE[0] + dice.gauss(0, 0.01), MIDDLE[1] + dice.gauss(0, 0.008)
    if thing < 0.35:
        return LIST, f"/city?lon={lon:.5f}&lat={lat:.5f}&z={dice.choice((14, 15, 16))}"
    if thing < 0.75:
        return TILE, _tile(lon, lat, dice.choice(ZOOMS))
    return STATUS, f"/r/{dice.choice(here.tokens)}"


def _tile(lon: float, lat: float, zoom: int) -> str:
    x, y = (number >> (cells.ZOOM - zoom) for number in cells.grid_xy(lon, lat))
    return f"/tiles/light/{zoom}/{x}/{y}.webp"


def clerk(crowd: Crowd, here: Town, seed: int) -> None:
    """Looks at the inbox, opens a case, looks again."""
    dice = random.Random(seed)
    browser = Browser(crowd, here.cookie)
    while not crowd.over.is_set():
        path = dice.choice(
            ("/desk", "/desk", "/desk?show=late", f"/desk/cases/{dice.choice(here.numbers)}")
        )
        browser.get(DESK, path)
        browser.rest(dice.uniform(*READ_SECONDS))
    browser.close()


def watcher(crowd: Crowd) -> None:
    """Asks for a sign of life twice a second, as a proxy does."""
    browser = Browser(crowd)
    while browser.rest(0.5):
        browser.get(ALIVE, "/healthz")
    browser.close()


def prove(site: Site, sent: Sent, newest: int) -> bool:
    """Look for every accepted report; whether each is there once, whole, and nothing else is."""
    with site.connect() as db:
        rows = db.execute(
            "SELECT r.key::text, r.token, r.case_id, count(p.id)"
            " FROM service_requests_servicerequest r"
            " LEFT JOIN casework_photo p ON p.request_id = r.id AND p.removed_at IS NULL"
            " WHERE r.id > %s OR r.key = ANY(%s::uuid[]) GROUP BY r.id",
            [newest, list(sent.token)],
        ).fetchall()
    there = Counter(row[0] for row in rows)
    whole = {row[0]: (row[1], row[3]) for row in rows}
    lost = [key for key in sent.token if not there[key]]
    twice = [key for key, count in there.items() if count > 1]
    cases = Counter(row[2] for row in rows)
    unlike = [
        key
        for key, token in sent.token.items()
        if key in whole and whole[key] != (token, sent.photos[key])
    ]
    unasked = [key for key in there if key not in sent.token]
    figures = {
        "accepted": len(sent.token),
        "stored": len(rows),
        "cases": len(cases),
        "lost": len(lost),
        "twice": len(twice),
        "with_other_photos_or_page": len(unlike) + sent.differed,
        "stored_without_an_answer": len(unasked),
        "given_up": len(sent.given_up),
    }
    say(what="every accepted report exists exactly once", **figures)
    bad = (lost, twice, unlike, sent.differed, sent.given_up, len(cases) != len(rows))
    return bool(sent.token) and not any(bad)


def storm(site: Site, asked: argparse.Namespace) -> bool:
    """The load, the figures and the proof; whether it went as wanted."""
    here, crowd, sent = town(site), Crowd(site.address), Sent()
    with site.connect() as db:
        row = db.execute("SELECT max(id) FROM service_requests_servicerequest").fetchone()
    newest = int(row[0]) if row and row[0] else 0
    people: list[Callable[[], None]] = [lambda: watcher(crowd)]
    people += [
        lambda n=n: resident(crowd, here, sent, n, asked.reports / asked.residents)  # type: ignore[misc]
        for n in range(asked.residents)
    ]
    people += [
        lambda n=n: reader(crowd, here, 1000 + n, asked.reads / asked.readers)  # type: ignore[misc]
        for n in range(asked.readers)
    ]
    people += [lambda n=n: clerk(crowd, here, 2000 + n) for n in range(asked.staff)]  # type: ignore[misc]
    cpu = time.process_time()
    crowd.run(people, asked.seconds)
    for kind in (FORM, PHOTO, REPORT, LIST, TILE, STATUS, DESK, ALIVE):
        if kind in crowd.met:
            say(what=kind, **crowd.met[kind].figures(crowd.elapsed))
    say(
        what="the people",
        seconds=round(crowd.elapsed, 1),
        cpu_seconds=round(time.process_time() - cpu, 1),
    )
    return prove(site, sent, newest) and _bounded(crowd, asked)


def _bounded(crowd: Crowd, asked: argparse.Namespace) -> bool:
    """Whether answers took no longer than wanted, and nothing failed."""
    took = {kind: met.percentile(95) for kind, met in crowd.met.items()}
    wanted = dict.fromkeys(took, asked.p95_ms) if asked.p95_ms else {REPORT: asked.report_ms}
    slow = {
        kind: took.get(kind, 0.0) for kind, most in wanted.items() if took.get(kind, 0.0) > most
    }
    failed = {kind: met.failed for kind, met in crowd.met.items() if met.failed}
    say(what="bounds", wanted_ms=max(wanted.values()), slower=slow, met=not slow, failed=failed)
    return not slow and not failed


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--residents", type=int, default=6)
    parser.add_argument("--readers", type=int, default=32)
    parser.add_argument("--staff", type=int, default=4)
    parser.add_argument("--reports", type=float, default=0.0, help="reports a second, together")
    parser.add_argument("--reads", type=float, default=0.0, help="pages and pictures a second")
    parser.add_argument("--report-ms", type=float, default=3000.0)
    parser.add_argument("--p95-ms", type=float, default=0.0, help="wanted of every kind of request")
    parser.add_argument("--folder", type=Path)
    profile_option(parser)
    asked = parser.parse_args()
    with running(folder=asked.folder) as site:
        total = multiply(site, asked.cases, profile=asked.profile)
        say(what="cases", cases=total, settled_seconds=settle(site, limit=SETTLE_SECONDS))
        machine()
        good = storm(site, asked)
        machine()
    if not good:
        sys.exit("The storm did not go as wanted, see above.")


if __name__ == "__main__":
    main()
