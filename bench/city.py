"""Measures what everybody sees of the city's work: the list with the map, its feed, the parts of the city.

`python -m bench.city [--cases 100000,1000000] [--seconds 8] [--folder DIR] [--profile la] [--copied]` needs `wrk` (a Debian
package) and prints one JSON line per figure, and at the end how each page grew from the first number of cases to
the others. Pages, marks and counts are kept for two or three seconds; an answer that nobody asked for before is
measured apart, as `uncounted`: only the count over the list stays kept there, for its selection is the same.
With `--beside DIR DIR` sites that earlier runs left in folders are asked in turn, for uncounted answers only.
With `--copied`, cases that a folder lacks are copies of those it has, without timelines and reports.
"""

import argparse
import contextlib
import gzip
import shutil
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench import ballast
from bench.http import machine, pages, say
from bench.site import Site, multiply, profile_option, running, settle

DISTRICT = "lighthouse"
PAGES = {
    "open, whole city": "/city",
    "open, a part of the map": "/city?lon=-124.16&lat=44.6&z=16",
    "open, of a service": "/city?service=pothole",
    "open, of an area": f"/city?area=district:{DISTRICT}",
    "near a place": "/city?at=14+Mill+Lane&within=500",
    "all, whole city": "/city?state=all",
    "all, last 30 days": "/city?state=all&days=30",
    "feed": "/city.atom",
    "parts of the city": "/city/areas",
    "one part": f"/city/areas/district/{DISTRICT}",
}
TIMES = 40
"""Uncounted answers of each page, after one that is not measured: a process that just began has its modules to read."""


def fetched(site: Site, path: str) -> tuple[float, int]:
    """Milliseconds of one answer, and its size in bytes as it would be sent compressed."""
    begin = time.perf_counter()
    with urllib.request.urlopen(site.address + path, timeout=60) as answer:
        body = answer.read()
    return (time.perf_counter() - begin) * 1000, len(gzip.compress(body, 6))


def uncounted(sites: Sequence[Site], path: str) -> list[tuple[list[float], int]]:
    """Of each site milliseconds of answers whose marks nobody counted before, from the least on, and the bytes of one.

    Each looks at a window that is moved by a hair: another question to what the pages keep. The sites are asked in turn.
    """
    times: list[list[float]] = [[] for _ in sites]
    sizes = [0 for _ in sites]
    for n in range(TIMES + 1):
        mark = "&" if "?" in path else "?"
        lon = f"lon={-124.16 + n * 1e-5:.5f}"
        moved = (
            path.replace("lon=-124.16", lon)
            if "lon=" in path
            else f"{path}{mark}z=13&lat=44.6&{lon}"
        )
        for at, site in enumerate(sites):
            took, sizes[at] = fetched(site, moved)
            times[at].append(took)
    return [(sorted(each[1:]), size) for each, size in zip(times, sizes, strict=True)]


def tell(name: str, cases: int, times: list[float], weight: int) -> None:
    """Print the uncounted answers of a page."""
    say(
        what=f"{name}, uncounted, {cases} cases",
        # Where other work runs on the machine, the least says more about the question than the middle.
        least_ms=round(times[0], 1),
        p50_ms=round(times[TIMES // 2], 1),
        p95_ms=round(times[int(TIMES * 0.95)], 1),
        gzip_bytes=weight,
    )


def beside(folders: list[Path]) -> None:
    """Uncounted answers of sites that are there already, the smallest first, in turn: whatever else runs slows all alike."""
    machine()
    with contextlib.ExitStack() as stack:
        sites = [stack.enter_context(running(folder=folder)) for folder in folders]
        sizes = []
        for site in sites:
            settle(site)
            with site.connect() as db:
                sizes.append(ballast.count(db))
        for name, path in PAGES.items():
            if not path.startswith("/city?") and path != "/city":
                continue
            found = uncounted(sites, path)
            for size, (times, weight) in zip(sizes, found, strict=True):
                tell(name, size, times, weight)
            first = found[0][0]
            for size, (times, _weight) in list(zip(sizes, found, strict=True))[1:]:
                say(
                    what=f"growth: {name}, {size} cases beside {sizes[0]}",
                    least=round(times[0] / first[0], 2),
                    p50=round(times[TIMES // 2] / first[TIMES // 2], 2),
                    p95=round(times[int(TIMES * 0.95)] / first[int(TIMES * 0.95)], 2),
                )
    machine()


def copied(site: Site, cases: int) -> int:
    """Copy the cases of a site until it has about so many, and count its map anew; returns how many it has."""
    site.enter()
    from onehall.casework import mapping
    from onehall.places.models import City

    with site.connect() as db:
        before = ballast.count(db)
        total = ballast.multiply_made_up(db, cases=cases)
        if total > before:
            for city in City.objects.all():
                mapping.rebuild(city)
            db.execute("VACUUM ANALYZE casework_mapsum")
    return total


def measure(
    site: Site, sizes: list[int], seconds: int, profile: str = "", *, copies: bool = False
) -> None:
    """Every page at each number of cases, and how it grew."""
    machine()
    grown: dict[str, list[float]] = {}
    for size in sizes:
        total = copied(site, size) if copies else multiply(site, size, profile=profile)
        say(what="cases", cases=total, settled_seconds=settle(site))
        for name, path in PAGES.items():
            if path.startswith("/city?") or path == "/city":
                ((times, weight),) = uncounted([site], path)
                tell(name, size, times, weight)
                grown.setdefault(name, []).append(times[TIMES // 2])
            pages(site, f"{name}, {size} cases", [path], seconds)
    for name, times in grown.items():
        if len(times) > 1:
            say(what=f"growth: {name}", times=[round(t / times[0], 2) for t in times])
    machine()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="100000,1000000")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--copied", action="store_true", help="copy the cases there are")
    profile_option(parser)
    text = "folders of earlier runs, the one with the fewest cases first"
    parser.add_argument("--beside", type=Path, nargs="+", metavar="DIR", help=text)
    asked = parser.parse_args()
    if asked.beside:
        beside(asked.beside)
        return
    if shutil.which("wrk") is None:
        raise SystemExit(
            "`wrk` is not installed (Debian: apt-get install wrk); nothing was measured."
        )
    with running(folder=asked.folder) as site:
        sizes = [int(n) for n in asked.cases.split(",")]
        measure(site, sizes, asked.seconds, asked.profile, copies=asked.copied)


if __name__ == "__main__":
    main()
