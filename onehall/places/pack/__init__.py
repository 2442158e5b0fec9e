"""The places part of a city pack: city.yaml, calendar.yaml, areas, streets, addresses, places, assets.

`read` checks a folder, `plan` says what would change, `apply` does it in one transaction, `write` exports.
"""

from datetime import datetime

from onehall.places import actions
from onehall.places.models import City
from onehall.places.pack.plan import plan
from onehall.places.pack.read import read
from onehall.places.pack.write import write
from onehall.places.rows import Change, PlacesPack

__all__ = ["Change", "PlacesPack", "apply", "plan", "read", "write"]


def apply(pack: PlacesPack, *, by: str, now: datetime) -> City:
    """Make the city what the pack says; `by` is the name of who did it. The same pack twice changes nothing."""
    return actions.apply_pack(pack=pack, by=by, now=now)
