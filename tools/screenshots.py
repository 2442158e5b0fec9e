"""Makes the pictures of the documents: each step of one request, on phone and desk, light and dark.

`python -m tools.screenshots [--address URL]` fills docs/screenshots from a demo of its own.
`--manager` makes only those of a manager's way to a new service, in docs/screenshots/manager, and `--paying` only those of
money, in docs/screenshots/paying; without them both are made too.
`python -m tools.screenshots --santa-monica` fills docs/screenshots/santa-monica from a city set up with the shared
open data and its 49,033 past requests. The data is not part of the repository: it is looked for in ../shared/data
beside the checkout, or where `ONEHALL_SHARED_DATA` says.

Both need Chromium (`CHROMIUM`, or one on the path).
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
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e import loop, manager, paying, santa_monica
from tests.e2e.installation import served

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
PORT = 8377
PLAIN, BRIGHT, MIXED = 64, 48, 128
"""Colors of a picture: the commonest, the commonest bright ones, and mixed ones."""
LONGEST = 2600
OF_THE_MANAGER = {
    "service": "desk", "flow": "desk", "state": "desk", "draft": "desk", "rehearsal": "desk",
    "published": "desk", "resident": "phone", "approval": "desk", "approved": "phone",
}  # fmt: skip
"""What is shown of a manager's way to a new service, and at which size."""
OF_PAYING = {
    "find": "phone", "cart": "phone", "check": "phone", "declined": "phone", "paid": "phone", "receipt": "phone",
    "bills": "desk", "payment": "desk", "refund": "desk", "day": "desk", "closed": "desk", "aging": "desk",
}  # fmt: skip
"""What is shown of money, and at which size."""
# To the part that a picture is about, where a page is long.
PART_OF = {"state": "#h-tasks", "flow": "#h-scenarios"}
SIZES = {"phone": loop.PHONE, "desk": loop.DESK}
# The map where there is one, else the top of the page.
LOOK = """() => {
  const map = document.querySelector(".chart");
  if (map) map.scrollIntoView({ block: "center" });
  else scrollTo(0, 0);
}"""
# Pictures below the fold are loaded when one comes near them.
LOADED = """async () => {
  for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => {})));
}"""


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


@contextlib.contextmanager
def real_city() -> Iterator[str]:
    """Santa Monica with its history, set up by the commands of an operator."""
    if absent := santa_monica.missing():
        raise SystemExit(
            f"The shared data is not here: {absent} is missing. Set ONEHALL_SHARED_DATA to its folder."
        )
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), PORT) as site:
        made = santa_monica.set_up(site)
        print(made.said["import"])
        print(", ".join(f"{name}: {taken:.1f} s" for name, taken in made.seconds.items()))
        yield site.address


def few_colors(shot: Image.Image) -> Image.Image:
    """With the commonest colors as they are, so that a pin and a state keep their tone; mixed ones for photos."""
    counted = sorted(shot.getcolors(shot.width * shot.height) or [], reverse=True)
    mixed = shot.quantize(MIXED, method=Image.Quantize.MEDIANCUT).convert("RGB")
    rest = mixed.getcolors(shot.width * shot.height) or []
    bright = [(n, color) for n, color in counted if max(color) - min(color) > 90]
    colors = dict.fromkeys(
        color for _, color in [*counted[:PLAIN], *bright[:BRIGHT], *rest[:MIXED]]
    )
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in colors for part in color])
    return shot.quantize(palette=palette, dither=Image.Dither.NONE)


def save(folder: Path, scheme: str, page: Any, name: str) -> None:
    """The page at both sizes, with few colors so that the files stay small."""
    for size in SIZES:
        picture(page, size, folder / f"{name}-{size}-{scheme}.png")


def picture(page: Any, size: str, path: Path, part: str = "") -> None:
    """The page at one size: its top, its map, or the part that is named."""
    was, viewport = page.viewport_size, SIZES[size]
    page.set_viewport_size(viewport)
    page.evaluate(LOOK)
    page.evaluate(LOADED)
    if part:
        page.locator(part).evaluate("(one) => one.scrollIntoView()")
    if size == "phone":
        # As tall as the page, so that the bar at the bottom covers nothing.
        tall = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST)
        page.set_viewport_size({**viewport, "height": max(tall, viewport["height"])})
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few_colors(shot).save(path, optimize=True)
    page.set_viewport_size(was)


def _some(folder: Path, sizes: dict[str, str]) -> Callable[[Any, str], None]:
    """Takes the pictures that are named, without what the page says in passing."""
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(page: Any, name: str) -> None:
        if size := sizes.get(name):
            for said in page.locator("dialog.toast button").all():
                said.click()
            picture(page, size, folder / f"{name}-{size}-light.png", PART_OF.get(name, ""))

    return shoot


def of_the_manager(browser: Any, address: str, folder: Path) -> None:
    """A manager's way to a new service in Port Alder, in light. Publishing it, it can be walked once per demo."""
    manager.walk(browser, address, _some(folder, OF_THE_MANAGER), color_scheme="light")


def of_paying(browser: Any, address: str, folder: Path) -> None:
    """Two bills paid on a phone, a refund by two people and the close of a day in Port Alder, in light."""
    paying.walk(browser, address, _some(folder, OF_PAYING), color_scheme="light")


def of_the_demo(browser: Any, address: str, folder: Path, scheme: str) -> None:
    """One request in Port Alder."""
    with tempfile.TemporaryDirectory() as scratch:
        story = loop.port_alder(Path(scratch))
        loop.walk(browser, address, story, partial(save, folder, scheme), color_scheme=scheme)


def of_the_real_city(browser: Any, address: str, folder: Path, scheme: str) -> None:
    """One request in Santa Monica, and what the desk finds in its history."""
    shoot = partial(save, folder, scheme)
    loop.walk(browser, address, santa_monica.story(), shoot, color_scheme=scheme)
    context = browser.new_context(viewport=loop.DESK, color_scheme=scheme)
    santa_monica.look_back(context.new_page(), address, shoot)
    for_everybody(context.new_page(), address, folder, scheme)
    context.close()


def for_everybody(page: Any, address: str, folder: Path, scheme: str) -> None:
    """What everybody sees of eleven years: the whole city, one part of the map, one neighborhood."""
    page.goto(f"{address}/city?state=all")
    of_both(page, folder, f"everything-{{}}-{scheme}.png", ".map-list.city")
    page.goto(f"{address}/city?state=all&lon=-118.4912&lat=34.0145&z=15")
    of_both(page, folder, f"closer-{{}}-{scheme}.png", ".map-list.city")
    page.goto(f"{address}/city/areas")
    page.locator("main a[href^='/city/areas/']").first.click()
    page.get_by_role("heading", level=1).wait_for()
    of_both(page, folder, f"part-{{}}-{scheme}.png", "")


def of_both(page: Any, folder: Path, name: str, part: str) -> None:
    """A page at both sizes, on the desk from a part of it on; on the phone its map, where it has one."""
    for size in SIZES:
        path = folder / name.format(size)
        if size == "desk" or not part:
            picture(page, size, path, part)
            continue
        page.set_viewport_size(SIZES[size])
        page.locator("#map").evaluate("(one) => one.scrollIntoView()")
        page.evaluate(LOADED)
        page.wait_for_timeout(300)
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        few_colors(shot).save(path, optimize=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", help="A running site; else one is started")
    parser.add_argument(
        "--santa-monica", action="store_true", help="The real city; needs the shared data"
    )
    parser.add_argument(
        "--manager", action="store_true", help="Only a manager's way to a new service"
    )
    parser.add_argument("--paying", action="store_true", help="Only money")
    asked = parser.parse_args()
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not chromium:
        raise SystemExit("No Chromium was found; set CHROMIUM to its program.")
    draw: Callable[[Any, str, Path, str], None] = of_the_demo
    start, folder = demo, FOLDER
    if asked.santa_monica:
        draw, start, folder = of_the_real_city, real_city, FOLDER / "santa-monica"
    folder.mkdir(parents=True, exist_ok=True)
    site = contextlib.nullcontext(asked.address) if asked.address else start()
    with site as address, sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in () if asked.manager or asked.paying else ("light", "dark"):
            draw(browser, str(address), folder, scheme)
        if not asked.santa_monica:
            if not asked.paying:
                of_the_manager(browser, str(address), FOLDER / "manager")
            if not asked.manager:
                of_paying(browser, str(address), FOLDER / "paying")
        browser.close()


if __name__ == "__main__":
    main()
