"""Measures a newcomer's wait: a bare clone, its packages, the demo, the first page.

`python -m bench.start` clones this checkout's last commit into an empty folder and runs `make demo`
there. Packages come from wherever uv keeps them: run it twice to measure with a warm package cache.
It ends what it started, removes its folder, and fails if a process stays behind.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench import processes
from onehall.kernel.postgres import pidfile

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 300.0
# A newcomer has none of these; PYTHONDONTWRITEBYTECODE alone would cost many seconds.
FOREIGN = ("ONEHALL_", "PYTHON", "DATABASE_URL", "DJANGO_", "VIRTUAL_ENV", "MAKE", "MFLAGS")


class Clock:
    """Wall and CPU seconds of steps, one after the other."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}
        self._wall, self._cpu = time.monotonic(), _own()

    def lap(self, name: str, running: int = 0) -> None:
        """The step `name` is done; `running` is a process of it that still lives."""
        cpu = _own() + processes.cpu_seconds(*processes.below(running), with_ended=True)
        wall = time.monotonic()
        seconds = {"seconds": wall - self._wall, "cpu_seconds": cpu - self._cpu}
        self.steps[name] = {key: round(value, 1) for key, value in seconds.items()}
        self._wall, self._cpu = wall, cpu


def _own() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    """Run from the command line."""
    with tempfile.TemporaryDirectory(prefix="onehall-start-") as folder:
        # PostgreSQL does not run as root: the account it is lent must be able to walk in.
        Path(folder).chmod(0o755)
        clone = Path(folder) / "onehall"
        clock = Clock()
        _run("git", "clone", "--quiet", str(ROOT), str(clone), at=folder)
        clock.lap("clone")
        _run("make", ".venv/.ready", at=clone)
        clock.lap("packages")
        with _demo(clone) as (tree, port):
            _wait_for_page(tree, port)
            clock.lap("demo", running=tree.pid)
            outside = _outside(Path(folder))
        for path in outside:
            shutil.rmtree(path, ignore_errors=True)
    whole = {
        key: round(sum(s[key] for s in clock.steps.values()), 1) for key in clock.steps["demo"]
    }
    print(json.dumps({"what": "bare clone to the first page", **whole, "steps": clock.steps}))


def _run(*command: str, at: str | Path) -> None:
    subprocess.run(command, cwd=at, env=_environment(), check=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


@contextlib.contextmanager
def _demo(clone: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """`make demo` and its port; ended like Ctrl-C ends it, whatever happens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    said = clone / "said.txt"
    with said.open("wb") as output:
        tree = subprocess.Popen(
            ["make", "demo", f"PORT={port}"],
            cwd=clone,
            env=_environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    started: set[int] = set()
    try:
        yield tree, port
        started = set(processes.below(tree.pid))
    except BaseException:
        print(said.read_text("utf-8", "replace")[-2000:], file=sys.stderr)
        raise
    finally:
        # As the terminal does: to the whole group, because make itself passes nothing on.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(tree.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            tree.wait(60)
        if left := [pid for pid in started if processes.is_alive(pid)]:
            sys.exit(f"The demo left processes behind: {left}")


def _wait_for_page(tree: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if tree.poll() is not None:
            sys.exit(f"make demo ended with code {tree.returncode}.")
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    sys.exit(f"There was no page after {PATIENCE:.0f} seconds.")


def _outside(folder: Path) -> set[Path]:
    """Folders of the demo's database that lie elsewhere: its data, its socket."""
    home = (folder / "onehall/.demo/postgres").resolve()
    known = pidfile.read(home / "cluster")
    found = {home, Path(known.socket_dir)} if known else {home}
    return {path for path in found if path.exists() and not path.is_relative_to(folder.resolve())}


if __name__ == "__main__":
    main()
