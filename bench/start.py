"""Measures a newcomer's wait: a bare clone, `make demo`, the first page.

`python -m bench.start` clones this checkout's last commit into an empty folder. Packages come from
wherever uv keeps them: run it twice to measure with a warm package cache.
"""

import contextlib
import json
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORT = 8391


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{PORT}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    """Run from the command line."""
    with tempfile.TemporaryDirectory(prefix="onehall-start-") as folder:
        begin = time.monotonic()
        clone = Path(folder) / "onehall"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        tree = subprocess.Popen(
            ["make", "demo", f"PORT={PORT}"],
            cwd=clone,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while tree.poll() is None and time.monotonic() - begin < 300:
                if _answers():
                    break
                time.sleep(0.2)
            seconds = round(time.monotonic() - begin, 1)
            print(json.dumps({"what": "bare clone to the first page", "seconds": seconds}))
        finally:
            tree.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                tree.wait(60)


if __name__ == "__main__":
    main()
