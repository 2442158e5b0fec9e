"""The colors of the drawn map, the same numbers as the map tokens of the style sheet, for both schemes."""

from dataclasses import dataclass
from typing import Final

type Color = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """One scheme. `beyond` is the ground outside the city limit."""

    land: Color
    beyond: Color
    block: Color
    building: Color
    street: Color
    casing: Color
    path: Color
    water: Color
    park: Color
    beach: Color
    pier: Color
    limit: Color
    word: Color
    park_word: Color
    water_word: Color
    buoy: Color
    brand: Color
    brand_ink: Color
    paper: Color


def color(text: str) -> Color:
    """ "#eef2ea" as three numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def blend(a: Color, b: Color, part: float) -> Color:
    """`a` with a part (0 to 1) of `b` in it."""
    mixed = [round(x + (y - x) * part) for x, y in zip(a, b, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _palette(tokens: str) -> Palette:
    names = "land block street water park word ground line buoy brand brand-ink paper beach park-word water-word"
    found = dict(zip(names.split(), map(color, tokens.split()), strict=True))
    land, word = found["land"], found["word"]
    return Palette(
        land=land,
        beyond=blend(found["ground"], found["line"], 0.35),
        block=found["block"],
        building=blend(found["block"], word, 0.06),
        street=found["street"],
        casing=blend(land, word, 0.13),
        path=blend(found["street"], word, 0.12),
        water=found["water"],
        park=found["park"],
        beach=found["beach"],
        pier=blend(land, found["beach"], 0.5),
        limit=blend(land, word, 0.5),
        word=word,
        park_word=found["park-word"],
        water_word=found["water-word"],
        buoy=found["buoy"],
        brand=found["brand"],
        brand_ink=found["brand-ink"],
        paper=found["paper"],
    )


LIGHT: Final = _palette(
    "#eef2ea #e3e8df #ffffff #cfe4ea #d3e6cf #3c4f55 #f3f6f6 #d3dddf #c43c07 #0b5a70 #ffffff #ffffff "
    "#f3ecd9 #2f5a3d #245567"
)
DARK: Final = _palette(
    "#1a262a #202f33 #344850 #10323f #1d3627 #b7c7cc #0c1519 #2b3f47 #ff9a66 #7fcde1 #05222b #132026 "
    "#2b2d27 #a3c9ad #8fbccb"
)


def palette(*, dark: bool) -> Palette:
    """The colors of a scheme."""
    return DARK if dark else LIGHT
