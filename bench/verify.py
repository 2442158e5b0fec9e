"""How fast `onehall timeline verify` recomputes every hash: one JSON line per round.

`python -m bench.verify` checks a demo of its own, `--imported FOLDER` the shared data folder `311`
imported into a scratch server, `--database URL` a database that is there.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench import database

ROUNDS = 3


def measure(url: str) -> None:
    """Run the command as an operator would, several times."""
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), children_cpu()
        done = subprocess.run(
            [sys.executable, "-m", "onehall", "timeline", "verify"],
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        wall, cpu = time.perf_counter() - wall, children_cpu() - cpu
        found = re.search(r"([\d,]+) entries", done.stdout)
        if done.returncode or not found:
            sys.exit(done.stdout + done.stderr)
        entries = int(found[1].replace(",", ""))
        print(
            json.dumps(
                {
                    "what": "timeline verify",
                    "entries": entries,
                    "seconds": round(wall, 2),
                    "entries_per_second": round(entries / wall),
                    "own_cpu_seconds": round(cpu, 2),
                    "load": round(os.getloadavg()[0], 1),
                }
            ),
            flush=True,
        )


def children_cpu() -> float:
    """CPU seconds of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--database")
    which.add_argument("--imported", type=Path)
    asked = parser.parse_args()
    if asked.database:
        measure(asked.database)
        return
    with database.imported(asked.imported) if asked.imported else database.demo() as url:
        measure(url)


if __name__ == "__main__":
    main()
