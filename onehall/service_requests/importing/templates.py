"""Text made from columns."""

from collections.abc import Mapping, Sequence

from onehall.service_requests.importing.profile import Template


def fill(templates: Sequence[Template], values: Mapping[str, str]) -> str:
    """The first template all of whose columns are filled, spaces squeezed; "" when none is."""
    for template in templates:
        found = [values[name] for name in template.columns]
        if all(found):
            names = iter(found)
            text = "".join(piece + next(names, "") for piece in template.pieces)
            return " ".join(text.split())
    return ""
