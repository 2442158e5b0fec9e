"""A city's own six colours: what is read on what is worked out (WCAG 2.2), and a set that fails is refused."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from onehall.kernel.contrast import HEX, contrast, luminance

type Colours = Mapping[str, str]

NAMES: Final = (
    "brand",
    "brand-strong",
    "brand-ink",
    "brand-tint",
    "brand-deep",
    "brand-deep-ink",
)

DEFAULTS: Final[dict[str, dict[str, str]]] = {
    "light": {
        "brand": "#0b5a70",
        "brand-strong": "#07404f",
        "brand-ink": "#ffffff",
        "brand-tint": "#e0eff3",
        "brand-deep": "#083b4a",
        "brand-deep-ink": "#f2fafb",
    },
    "dark": {
        "brand": "#7fcde1",
        "brand-strong": "#a6e0ef",
        "brand-ink": "#05222b",
        "brand-tint": "#12353f",
        "brand-deep": "#0a2c37",
        "brand-deep-ink": "#eaf6f8",
    },
}
SURFACES: Final[dict[str, dict[str, str]]] = {
    "light": {"paper": "#ffffff", "ground": "#f3f6f6", "ink": "#11232a", "lit": "#ffe2a3"},
    "dark": {"paper": "#132026", "ground": "#0c1519", "ink": "#e8f0f1", "lit": "#ffd58a"},
}
"""Colours of the pages that no city changes."""

PAIRS: Final = (
    ("brand", "paper", 4.5),
    ("brand", "ground", 4.5),
    ("brand", "brand-tint", 4.5),
    ("brand-strong", "paper", 4.5),
    ("brand-strong", "brand-tint", 4.5),
    ("brand-ink", "brand", 4.5),
    ("brand-ink", "brand-strong", 4.5),
    ("ink", "brand-tint", 4.5),
    ("brand-deep-ink", "brand-deep", 4.5),
    ("lit", "brand-deep", 3.0),
)
"""Text colour, what it stands on, and the least ratio."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a set of colours is refused. `name` is the colour of the city's that is to blame."""

    scheme: str
    what: str
    name: str = ""
    advice: str = ""


def check(brand: Mapping[str, Colours]) -> list[Problem]:
    """What is wrong with a city's `brand`, empty when nothing is. Names left out keep their default."""
    problems = [
        Problem(scheme, "is not a colour scheme: use light and dark")
        for scheme in brand
        if scheme not in DEFAULTS
    ]
    for scheme in DEFAULTS:
        mine = own(brand, scheme)
        malformed = _malformed(scheme, mine)
        problems += malformed or _unreadable(scheme, mine)
    return problems


def own(brand: Mapping[str, Colours], scheme: str) -> dict[str, str]:
    """The colours that a city chose for a scheme, with or without the dashes of a style sheet."""
    return {name.removeprefix("--"): value for name, value in brand.get(scheme, {}).items()}


def _malformed(scheme: str, mine: Colours) -> list[Problem]:
    unknown = [
        Problem(scheme, f"{name} is not a brand colour", name) for name in mine if name not in NAMES
    ]
    return unknown + [
        Problem(scheme, f"{name} must look like #0b5a70", name)
        for name, value in mine.items()
        if not HEX.fullmatch(value)
    ]


def _unreadable(scheme: str, mine: dict[str, str]) -> list[Problem]:
    colours = SURFACES[scheme] | DEFAULTS[scheme] | mine
    found: list[Problem] = []
    for text, ground, least in PAIRS:
        ratio = contrast(colours[text], colours[ground])
        if ratio >= least:
            continue
        # Cut off, not rounded: 4.49 must not read as the 4.5 that it misses.
        shown = math.floor(ratio * 100) / 100
        what = (
            f"{text} ({colours[text]}) on {ground} ({colours[ground]})"
            f" has a contrast of {shown:g} to 1, needs {least:g} to 1"
        )
        to_blame = text if text in mine else ground
        other = ground if to_blame == text else text
        is_darker = luminance(colours[to_blame]) < luminance(colours[other])
        found.append(
            Problem(
                scheme,
                what,
                to_blame,
                f"Choose a {'darker' if is_darker else 'lighter'} {to_blame}.",
            )
        )
    return found
