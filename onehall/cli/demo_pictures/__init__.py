"""Drawn pictures for the demo: the same spot before and after, each the same again for the same seed.

`draw(kind, after, seed)` gives a picture of 1200 x 900; `jpeg` gives it as a camera would have sent it.
"""

import io
import random
from collections.abc import Callable
from typing import Final

from PIL import Image

from onehall.cli.demo_pictures import at_the_curb, in_the_road, in_town, scenery
from onehall.cli.demo_pictures.canvas import Sheet

KINDS: Final[dict[str, Callable[..., None]]] = {
    "pothole": in_the_road.pothole,
    "crosswalk": in_the_road.crosswalk,
    "drain": in_the_road.drain,
    "sidewalk": in_the_road.sidewalk,
    "dumping": at_the_curb.dumping,
    "branch": at_the_curb.branch,
    "bin": at_the_curb.bin_full,
    "sign": at_the_curb.sign,
    "light": in_town.light,
    "graffiti": in_town.graffiti,
    "bench": in_town.bench,
    "beach": in_town.beach,
}

KIND_OF: Final[dict[str, str]] = {
    "pothole": "pothole",
    "road-marking": "crosswalk",
    "blocked-drain": "drain",
    "sidewalk-damage": "sidewalk",
    "illegal-dumping": "dumping",
    "bulky-pickup": "dumping",
    "fallen-tree": "branch",
    "full-bin": "bin",
    "sign-missing": "sign",
    "street-light-out": "light",
    "graffiti": "graffiti",
    "park-bench": "bench",
    "beach-cleaning": "beach",
}
"""Service key to the kind of picture that residents send with it. Services that are not here get no picture."""


def draw(kind: str, after: bool, seed: int) -> Image.Image:  # noqa: FBT001
    """The problem of a kind at the spot `seed`, before or after the work. KeyError for an unknown kind."""
    rng = random.Random(f"{kind} {seed} {after}")  # noqa: S311
    spot = scenery.place(seed)
    air = in_town.AIR_OF.get(kind) or rng.choice(scenery.AIRS)
    sheet = Sheet(rng)
    # The crew never stands exactly where the resident stood.
    sheet.zoom = 1.04 + (rng.uniform(0, 0.05) if after else 0.0)
    sheet.dx, sheet.dy = (rng.uniform(-14, 14), rng.uniform(-8, 8)) if after else (0.0, 0.0)
    KINDS[kind](sheet, spot, air, after=after)
    return sheet.finished(air.tint, grain=2.6, soft=0.13)


def jpeg(kind: str, after: bool, seed: int) -> bytes:  # noqa: FBT001
    """`draw` as a JPEG of roughly 60 to 120 kB."""
    out = io.BytesIO()
    draw(kind, after, seed).save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
