"""A city's own six colours: contrast is computed (WCAG 2.2), and a set that fails is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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

HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a set of colours is refused."""

    scheme: str
    what: str


class BrandRefused(ValueError):
    """The colours of a city cannot be read by everyone."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.scheme}: {p.what}" for p in problems))


def contrast(one: str, other: str) -> float:
    """The WCAG 2.2 contrast ratio of two #rrggbb colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def check(brand: Mapping[str, Colours]) -> list[Problem]:
    """What is wrong with a city's `brand`, empty when nothing is. Names left out keep their default."""
    problems = [
        Problem(scheme, "is not a colour scheme: use light and dark")
        for scheme in brand
        if scheme not in DEFAULTS
    ]
    for scheme, defaults in DEFAULTS.items():
        own = _own(brand, scheme)
        problems += _malformed(scheme, own)
        if any(problem.scheme == scheme for problem in problems):
            continue
        colours = SURFACES[scheme] | defaults | own
        problems += [
            Problem(scheme, f"{text} on {ground} has {ratio:.1f} to 1, needs {least:g}")
            for text, ground, least in PAIRS
            if (ratio := contrast(colours[text], colours[ground])) < least
        ]
    return problems


def stylesheet(brand: Mapping[str, Colours]) -> str:
    """The city's stylesheet, loaded after the common one. Raises BrandRefused for a set that fails."""
    problems = check(brand)
    if problems:
        raise BrandRefused(problems)
    light, dark = (_declarations(_own(brand, scheme)) for scheme in DEFAULTS)
    dark_rule = f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"@layer tokens{{:root{{{light}}}{dark_rule}}}\n"


def _own(brand: Mapping[str, Colours], scheme: str) -> dict[str, str]:
    return {name.removeprefix("--"): value for name, value in brand.get(scheme, {}).items()}


def _malformed(scheme: str, own: Colours) -> list[Problem]:
    unknown = [
        Problem(scheme, f"{name} is not a brand colour") for name in own if name not in NAMES
    ]
    return unknown + [
        Problem(scheme, f"{name} must look like #0b5a70")
        for name, value in own.items()
        if not HEX.fullmatch(value)
    ]


def _declarations(own: Colours) -> str:
    return ";".join(f"--{name}:{own[name].lower()}" for name in NAMES if name in own)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
