"""The names in the one file of drawings."""

import re
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "static" / "look" / "sprite.svg"


@cache
def symbols() -> frozenset[str]:
    """Every symbol id, such as "i-lamp" (a service icon) or "g-done" (a state shape)."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', FILE.read_text(encoding="utf-8")))


def icons() -> frozenset[str]:
    """The icon names that a service or a tag may use, without the prefix."""
    return frozenset(name[2:] for name in symbols() if name.startswith("i-"))
