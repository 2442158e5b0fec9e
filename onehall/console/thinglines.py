"""What was told earlier about the numbered thing of a case, for the case's page."""

from typing import Any, Final

from onehall.casework import things, wording
from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.console.desk import Desk
from onehall.places.wording import asset_kind

SHOWN: Final = 5
"""Earlier cases that are listed."""


def context(desk: Desk, case: Case, reader: wording.Reader) -> dict[str, Any]:
    """What was told earlier about the same numbered thing, as far as this person may see it."""
    listed = catalogue(desk.city)
    found = things.earlier(case, desk.actor, now=desk.now, limit=SHOWN)
    lines = []
    for other in found.cases:
        state = listed.flow_version(other.flow_version_id).states[other.state]
        lines.append((other, listed.by_id(other.service_id), reader.text(state.label)))
    return {
        "thing": case.asset,
        "thing_kind": asset_kind(case.asset.kind) if case.asset else "",
        "earlier": lines,
        "earlier_year": found.year,
        "comes_back": found.often,
    }
