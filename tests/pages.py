"""What must hold of every page in a browser: nothing that axe finds, no sideways scroll, targets that a finger meets."""

import os
from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDTHS: Final = (320, 412, 1280)
_SCRIPT: Final = Axe().axe_script
# A promise in a page has no end of its own: one that is never kept would hold the whole run.
_RUN: Final = """(options) => Promise.race([
    axe.run(document, options).then((found) => found.violations.map(
        (one) => [one.id, one.nodes.map((node) => node.html.slice(0, 200))])),
    new Promise((_, no) => setTimeout(() => no(new Error("axe gave no answer within 60 seconds")), 60000))])"""
# `finished` is not waited for: Chromium never keeps that promise where a closed fold took part in the transition.
_SETTLED: Final = """async () => {
    const until = performance.now() + 3000;
    const passing = () => document.getAnimations().some((a) => a.playState === "running"
        && isFinite(a.effect.getComputedTiming().endTime));
    const drawn = () => Promise.race([new Promise(requestAnimationFrame), new Promise((go) => setTimeout(go, 200))]);
    do { await drawn(); await drawn(); } while (passing() && performance.now() < until);
}"""
_BY_COLOR: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules of `RULES` whose answer depends on colors."""


def violations(page: Page, *, by_color: bool = False) -> list[Any]:
    """What axe finds on a page as it stands: rules and elements."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_SCRIPT)
    asked = _BY_COLOR if by_color else {"type": "tag", "values": RULES}
    found: list[Any] = page.evaluate(_RUN, {"runOnly": asked, "resultTypes": ["violations"]})
    return found


def settle(page: Page) -> None:
    """Wait until colors and sizes have faded over: what is measured meanwhile is neither."""
    page.evaluate(_SETTLED)


def too_wide(page: Page) -> int:
    """By how many pixels a page runs out of its window's side."""
    return max(0, int(page.evaluate("document.documentElement.scrollWidth - innerWidth")))


def good_at_every_size(page: Page, targets: str = "() => []") -> None:
    """Measure a page in three widths, light and dark.

    `targets` is a script that names what is too small, with the least size as LEAST. What does not depend on
    colors is looked for in the light scheme alone.
    """
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            settle(page)
            wrong = violations(page, by_color=scheme == "dark")
            assert wrong == [], (page.url, width, scheme, wrong)
        least = 44 if width < 1024 else 24
        small = page.evaluate(targets.replace("LEAST", str(least)))
        assert (too_wide(page), small) == (0, []), (page.url, width)


def shoot(page: Page, name: str) -> None:
    """Pictures of a page for whoever wants to look at it, where ONEHALL_SHOTS names a folder for them."""
    folder = os.environ.get("ONEHALL_SHOTS", "")
    if not folder:
        return
    before = page.viewport_size
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            settle(page)
            page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
    if before:
        page.set_viewport_size(before)
