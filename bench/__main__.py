"""Runs every measurement that needs no outside data, one after the other: `make bench`."""

import subprocess
import sys

PARTS = (
    ("start", []),
    ("http", []),
    ("figures", ["--cases", "100000"]),
    ("storage", []),
    ("photos", []),
)

for name, options in PARTS:
    print(f"# python -m bench.{name} {' '.join(options)}".rstrip(), flush=True)
    if subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False).returncode:
        sys.exit(f"bench.{name} failed; see above.")
