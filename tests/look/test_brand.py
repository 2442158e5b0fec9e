"""A city's colours are accepted only when everyone can read them."""

import re

import pytest

from onehall.look import brand, build
from onehall.places.brand import DEFAULTS, SURFACES

GREEN = {
    "light": {
        "brand": "#1b5e20",
        "brand-strong": "#0f3d13",
        "brand-tint": "#e3f1e4",
        "brand-deep": "#12381a",
    }
}


def test_tokens_hold_the_same_colours_as_the_check():
    tokens = (build.HOME / "src" / "tokens.css").read_text(encoding="utf-8")
    light, dark = tokens.split("@media (prefers-color-scheme: dark)")[:2]
    for scheme, css in (("light", light), ("dark", dark)):
        for name, value in (DEFAULTS[scheme] | SURFACES[scheme]).items():
            assert re.search(rf"--{name}: {value};", css), f"{scheme} --{name} is not {value}"


def test_a_readable_set_becomes_a_stylesheet():
    css = brand.stylesheet(GREEN)
    assert "@layer tokens{:root{--brand:#1b5e20;" in css
    assert css.endswith("@media(prefers-color-scheme:dark){:root{}}}\n")


def test_dashes_before_a_name_are_welcome():
    assert brand.stylesheet({"light": {"--brand": "#1B5E20"}}).startswith(
        "@layer tokens{:root{--brand:#1b5e20}"
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"light": {"brand": "#ffcc00"}}, "light: brand (#ffcc00) on paper (#ffffff) has"),
        ({"dark": {"brand": "#123456"}}, "dark: brand (#123456) on paper (#132026) has"),
        ({"light": {"brand": "blue"}}, "must look like #0b5a70"),
        ({"light": {"brand": "#fff;}body{display:none"}}, "must look like #0b5a70"),
        ({"light": {"accent": "#123456"}}, "accent is not a brand colour"),
        ({"dim": {}}, "dim: is not a colour scheme"),
    ],
)
def test_an_unreadable_or_wrong_set_is_refused(given, says):
    with pytest.raises(brand.BrandRefused) as refused:
        brand.stylesheet(given)
    assert says in str(refused.value)
