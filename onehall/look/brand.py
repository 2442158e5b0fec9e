"""The style sheet of a city's own colours. What makes a set readable is in `places.brand`."""

from collections.abc import Mapping

from onehall.places.brand import DEFAULTS, NAMES, Colours, Problem, check, own


class BrandRefused(ValueError):
    """The colours of a city cannot be read by everyone."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.scheme}: {p.what}" for p in problems))


def stylesheet(brand: Mapping[str, Colours]) -> str:
    """The city's stylesheet, loaded after the common one. Raises BrandRefused for a set that fails."""
    problems = check(brand)
    if problems:
        raise BrandRefused(problems)
    light, dark = (_declarations(own(brand, scheme)) for scheme in DEFAULTS)
    dark_rule = f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"@layer tokens{{:root{{{light}}}{dark_rule}}}\n"


def _declarations(mine: Colours) -> str:
    return ";".join(f"--{name}:{mine[name].lower()}" for name in NAMES if name in mine)
