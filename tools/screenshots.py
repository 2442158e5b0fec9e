"""Makes the pictures in docs/screenshots from a demo of its own: phone and desk, light and dark.

`python -m tools.screenshots [--address URL]`. Needs Chromium (`CHROMIUM`, or one on the path).
"""

import argparse
import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e import loop

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
PORT = 8377
SIZES = {"phone": loop.PHONE, "desk": loop.DESK}
COLORS = 160


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """A demo of its own, stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "onehall", "demo", "--port", str(PORT), "--dir", folder]
        tree = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        address = f"http://localhost:{PORT}"
        try:
            for _ in range(400):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/readyz"):
                    break
                time.sleep(0.5)
            yield address
        finally:
            tree.send_signal(signal.SIGINT)
            tree.wait(60)


def save(page: Any, name: str, scheme: str) -> None:
    """The page at both sizes, with few colors so that the files stay small."""
    was = page.viewport_size
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        page.wait_for_timeout(250)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=size == "phone")))
        limit = 2600 if size == "phone" else viewport["height"]
        picture = shot.crop((0, 0, shot.width, min(shot.height, limit))).convert("RGB")
        small = picture.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}-{size}-{scheme}.png", optimize=True)
    page.set_viewport_size(was)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="A running demo; else one is started")
    asked = parser.parse_args()
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not chromium:
        raise SystemExit("No Chromium was found; set CHROMIUM to its program.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    site = contextlib.nullcontext(asked.address) if asked.address else demo()
    with site as address, sync_playwright() as tools, tempfile.TemporaryDirectory() as folder:
        browser = tools.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            shoot = lambda page, name, scheme=scheme: save(page, name, scheme)  # noqa: E731
            story = loop.port_alder(Path(folder))
            loop.walk(browser, str(address), story, shoot, color_scheme=scheme)
        browser.close()


if __name__ == "__main__":
    main()
