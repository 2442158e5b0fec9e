"""An installation as an operator makes it: a data folder of its own, `onehall serve`, and commands beside it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 240


@dataclass(frozen=True)
class Installation:
    """A served installation: where its pages are, and the environment of its commands."""

    folder: Path
    address: str
    environment: dict[str, str]

    def run(self, *command: str | Path, within: float = 240) -> str:
        """`onehall COMMAND`; what it said. It must succeed."""
        started = self.start(*command)
        said, _ = started.communicate(timeout=within)
        assert started.returncode == 0, said
        return str(said)

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """The same without waiting for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "onehall", *map(str, command)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextlib.contextmanager
def served(folder: Path, port: int, **settings: str) -> Iterator[Installation]:
    """`onehall serve` in a folder of its own with the embedded database; ended when left."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ONEHALL_", "DATABASE_", "DJANGO_")) or name == "ONEHALL_PG_BIN"
    }
    own = {
        "ONEHALL_DATA": str(folder / "data"),
        "ONEHALL_BIND": f"127.0.0.1:{port}",
        # One browser on this machine, without a proxy in front that speaks TLS.
        "ONEHALL_HTTPS": "no",
        "PYTHONPATH": str(ROOT),
        # Tables as wide as they like: what was said is read by machines here.
        "COLUMNS": "200",
    }
    site = Installation(folder, f"http://localhost:{port}", {**kept, **own, **settings})
    log = folder / "serve.txt"
    with log.open("w") as told:
        tree = subprocess.Popen(
            [sys.executable, "-m", "onehall", "serve"],
            cwd=folder,
            env=site.environment,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        try:
            _until_ready(tree, site.address, log)
            yield site
        finally:
            tree.send_signal(signal.SIGINT)
            tree.wait(60)


def _until_ready(tree: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        assert tree.poll() is None, log.read_text()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{address}/readyz", timeout=5),
        ):
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text())
