"""Text made from columns."""

from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

from onehall.service_requests.importing.profile import Template


def fill(templates: Sequence[Template], values: Mapping[str, str]) -> str:
    """The first template all of whose columns are filled, spaces squeezed; "" when none is."""
    for template in templates:
        found = [values[name] for name in template.columns]
        if all(found):
            pairs = zip_longest(template.pieces, found, fillvalue="")
            return " ".join("".join(chain.from_iterable(pairs)).split())
    return ""


def cut(text: str, most: int, repair: str, repairs: list[str]) -> str:
    """The text, or its beginning when it is too long; then `repair` is noted in `repairs`."""
    if len(text) <= most:
        return text
    repairs.append(repair)
    return text[:most]
