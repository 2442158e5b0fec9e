"""The whole demo as a newcomer meets it: one request from a phone to the desk, the crew, and back, live."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import loop

pytestmark = [pytest.mark.browser, pytest.mark.real_clock]

ROOT = Path(__file__).resolve().parents[2]
PORT = 8373


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`onehall demo` in a folder of its own: database, pages, worker and live stream."""
    folder = tmp_path_factory.mktemp("demo")
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("ONEHALL_", "DATABASE_", "DJANGO_"))
    }
    if "ONEHALL_PG_BIN" in os.environ:
        kept["ONEHALL_PG_BIN"] = os.environ["ONEHALL_PG_BIN"]
    command = [
        sys.executable,
        "-m",
        "onehall",
        "demo",
        "--port",
        str(PORT),
        "--dir",
        str(folder / "data"),
    ]
    told = (folder / "said.txt").open("w")
    tree = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=told, stderr=subprocess.STDOUT)
    address = f"http://localhost:{PORT}"
    try:
        until = time.monotonic() + 240
        while time.monotonic() < until:
            assert tree.poll() is None, (folder / "said.txt").read_text()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{address}/readyz", timeout=5),
            ):
                break
            time.sleep(0.5)
        yield address
    finally:
        tree.send_signal(signal.SIGINT)
        tree.wait(60)
        told.close()


def test_one_request_goes_all_the_way_and_the_first_window_changes_by_itself(
    demo: str, browser: Any, tmp_path: Path
) -> None:
    number = loop.walk(browser, demo, loop.port_alder(tmp_path))
    assert number.startswith("20")
