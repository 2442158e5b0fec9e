"""Joins the small stylesheets into those that are served: for residents, more for staff, more for pages with a map."""

import re
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).parent / "static" / "look"
RESIDENTS: Final = ("tokens", "reset", "base", "layout", "parts", "helpers")
STAFF: Final = ("desk", "figures", "setup", "people")
MAPS: Final = ("maps",)


def minify(css: str) -> str:
    """The same rules without comments and spare spaces. Spaces inside calc() and selectors stay."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", css)
    css = re.sub(r":\s+", ":", css)
    return css.replace(";}", "}").strip() + "\n"


def built(home: Path = HOME) -> dict[Path, str]:
    """What each served file should hold, made from the files in `src`."""
    return {
        home / "onehall.css": minify(_joined(home, RESIDENTS)),
        home / "desk.css": minify(_joined(home, STAFF)),
        home / "maps.css": minify(_joined(home, MAPS)),
    }


def build(home: Path = HOME) -> list[Path]:
    """Write the served files; returns those that changed."""
    changed = []
    for path, css in built(home).items():
        if not path.exists() or path.read_text(encoding="utf-8") != css:
            path.write_text(css, encoding="utf-8")
            changed.append(path)
    return changed


def _joined(home: Path, names: tuple[str, ...]) -> str:
    return "".join((home / "src" / f"{name}.css").read_text(encoding="utf-8") for name in names)
