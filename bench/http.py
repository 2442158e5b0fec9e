"""Measures the pages as people ask for them: requests per second and latency at 8 clients.

`python -m bench.http [--cases 100000,1000000] [--seconds 8] [--folder DIR] [--profile la]` needs `wrk` (a Debian
package) and prints one JSON line per figure. Reports are created over HTTP, each durable.
"""

import argparse
import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.site import Site, held_worker, multiply, profile_option, running, settle

CLIENTS = 8
MANY_LUA = """
local paths = {}
for line in io.lines("%(list)s") do paths[#paths + 1] = line end
math.randomseed(os.time())
request = function()
  return wrk.format("GET", paths[math.random(#paths)], %(headers)s)
end
"""
POST_LUA = """
local seed = 0
function setup(thread) seed = seed + 1; thread:set("id", seed) end
function init(args) math.randomseed(os.time() * 1000 + id) end
local function hex(n) local s = "" for i = 1, n do s = s .. string.format("%%x", math.random(0, 15)) end return s end
request = function()
  local key = hex(8) .. "-" .. hex(4) .. "-4" .. hex(3) .. "-a" .. hex(3) .. "-" .. hex(12)
  local body = "%(body)s&key=" .. key
  return wrk.format("POST", "%(path)s", %(headers)s, body)
end
"""


@dataclass
class Result:
    """What wrk printed."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    bad: int
    total: int


def say(**figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps(figures), flush=True)


DONE_LUA = """
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %.3f %.3f %.3f %d\\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, bad))
end
"""


REST: Final = 1.0
"""Seconds before each run: the site still answers what clients that hung up had asked for, and would share their
successors out by it.
"""


def wrk(site: Site, script: str, seconds: int) -> Result:
    """Run wrk with a Lua script; `bad` counts answers other than 2xx and 3xx."""
    time.sleep(REST)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + DONE_LUA)
        file.flush()
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-s", file.name, site.address]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)", told)
    assert found, told
    total, micros, p50, p95, p99, bad = found.groups()
    rate = int(total) / (int(micros) / 1e6)
    return Result(round(rate, 1), float(p50), float(p95), float(p99), int(bad), int(total))


def lua(headers: dict[str, str]) -> str:
    """Headers as a Lua table."""
    return "{" + ", ".join(f'["{k}"] = "{v}"' for k, v in headers.items()) + "}"


def pages(site: Site, name: str, paths: list[str], seconds: int, **headers: str) -> None:
    """Measure pages picked at random from a list."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(paths) + "\n")
        listed.flush()
        script = MANY_LUA % {"list": listed.name, "headers": lua(headers)}
        wrk(site, script, 2)
        tell(name, wrk(site, script, seconds))


def tell(name: str, result: Result, **more: Any) -> None:
    """Print a result."""
    say(
        what=name,
        per_second=result.per_second,
        p50_ms=result.p50_ms,
        p95_ms=result.p95_ms,
        p99_ms=result.p99_ms,
        requests=result.total,
        failed=result.bad,
        **more,
    )


def creates(site: Site, seconds: int) -> None:
    """Reports with the mails they cause, and alone: with the worker held while they are sent."""
    create(site, "create a report, its mail rendered beside", seconds)
    with held_worker(site):
        create(site, "create a report, worker held", seconds)


def create(site: Site, name: str, seconds: int) -> None:
    """Reports sent by the form, each with its case, timeline and outbox rows in one transaction."""
    path = "/report/pothole"
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(site.address + path).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    cookie = "; ".join(f"{c.name}={c.value}" for c in jar)
    told = json.load(opener.open(site.address + "/places/find?q=14+Mill+Lane"))
    place = told["places"][0]
    with site.connect() as db:
        before = db.execute("SELECT count(*) FROM service_requests_servicerequest").fetchone()
    body = urllib.parse.urlencode(
        {
            "csrfmiddlewaretoken": token[1],
            "where": place["words"],
            "pick": place["pick"],
            "words": "Deep hole in the bike lane.",
            "email": "bench@resident.example",
            "q_size": "tire",
            "do": "send",
        }
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    script = POST_LUA % {"body": body.replace("%", "%%"), "path": path, "headers": lua(headers)}
    script = script.replace("%%", "%")
    wrk(site, script, 2)
    result = wrk(site, script, seconds)
    with site.connect() as db:
        after = db.execute("SELECT count(*) FROM service_requests_servicerequest").fetchone()
    assert before
    assert after
    tell(name, result, stored=after[0] - before[0])


def staff_cookie(site: Site) -> str:
    """Sign in as the demo's agent."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(site.address + "/demo").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    user = re.search(r'Dana Moreno.*?name="user" value="(\d+)"', page, re.DOTALL)
    assert token
    assert user
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "user": user[1]}).encode()
    opener.open(urllib.request.Request(site.address + "/demo/sign-in", form)).read()
    return "; ".join(f"{c.name}={c.value}" for c in jar)


def deep_page(site: Site, page: int, *, service: str = "") -> str:
    """The address of the n-th page of all cases, or of a service's, as following "older" would reach it.

    "" where the list has no such page.
    """
    with site.connect() as db:
        row = db.execute(
            "SELECT opened_at, id FROM casework_case WHERE %(service)s = '' OR service_id ="
            " (SELECT id FROM catalog_service WHERE key = %(service)s)"
            " ORDER BY opened_at DESC, id DESC OFFSET %(skip)s LIMIT 1",
            {"service": service, "skip": (page - 1) * 50 - 1},
        ).fetchone()
    if row is None:
        return ""
    query = {"show": "all", "after": f"{row[0].isoformat()}~{row[1]}"}
    return "/desk?" + urllib.parse.urlencode(query | ({"service": service} if service else {}))


VIEWS = {
    "default": "/desk",
    "late": "/desk?show=late",
    "of a service": "/desk?service=pothole",
    "late, of a service and an area": "/desk?show=late&service=pothole&area=district:lighthouse",
    "closed late": "/desk?show=all&closed=2000-01-01..&promise=missed",
    "words": "/desk/search?q=lighthouse",
}
"""What people keep as views: plain addresses, as a saved view opens them."""


def views(site: Site, size: int, seconds: int, cookie: str) -> None:
    """Each view's first page, and the 2,000th of the long ones."""
    for name, path in VIEWS.items():
        pages(site, f"view: {name}, page 1, {size} cases", [path], seconds, Cookie=cookie)
    for name, service in (("all", ""), ("all of a service", "pothole")):
        deep = deep_page(site, 2000, service=service)
        if deep:
            pages(site, f"view: {name}, page 2000, {size} cases", [deep], seconds, Cookie=cookie)
        else:
            say(what=f"view: {name}, page 2000, {size} cases", skipped="it has fewer pages")


def machine() -> None:
    """How fast this machine is right now: a plain Python loop of ten million steps, and the load."""
    begin, cpu, total = time.perf_counter(), time.process_time(), 0
    for number in range(10_000_000):
        total += number
    wall, own = time.perf_counter() - begin, time.process_time() - cpu
    load = round(os.getloadavg()[0], 1)
    say(what="machine", loop_seconds=round(wall, 2), cpu_seconds=round(own, 2), load=load)


def measure(site: Site, sizes: list[int], seconds: int, profile: str = "") -> None:
    """Everything, at each number of cases."""
    say(what="settled", seconds=settle(site))
    machine()
    with site.connect() as db:
        tokens = [
            r[0]
            for r in db.execute(
                "SELECT token FROM service_requests_servicerequest WHERE token IS NOT NULL"
                " ORDER BY id DESC LIMIT 1000"
            )
        ]
    pages(site, "status JSON", [f"/r/{t}.json" for t in tokens], seconds)
    pages(site, "status page", [f"/r/{t}" for t in tokens], seconds)
    pages(site, "report form", ["/report/pothole"], seconds)
    pages(site, "first page", ["/"], seconds)
    creates(site, seconds)
    cookie = staff_cookie(site)
    for size in sizes:
        total = multiply(site, size, profile=profile)
        say(what="cases", cases=total, settled_seconds=settle(site))
        pages(site, f"inbox, page 1, {size} cases", ["/desk"], seconds, Cookie=cookie)
        pages(site, f"inbox, all, page 1, {size} cases", ["/desk?show=all"], seconds, Cookie=cookie)
        deep = deep_page(site, 2000)
        pages(site, f"inbox, all, page 2000, {size} cases", [deep], seconds, Cookie=cookie)
        views(site, size, seconds, cookie)
        creates(site, seconds)
        settle(site)
    machine()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="100000,1000000")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--folder", type=Path)
    profile_option(parser)
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit(
            "`wrk` is not installed (Debian: apt-get install wrk); nothing was measured."
        )
    with running(folder=asked.folder) as site:
        measure(site, [int(n) for n in asked.cases.split(",")], asked.seconds, asked.profile)


if __name__ == "__main__":
    main()
