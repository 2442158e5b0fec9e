"""The places part of a city pack: city.yaml, calendar.yaml, areas, streets, addresses, places, assets.

`read` checks a folder, `plan` says what would change, `apply` does it in one transaction, `write` exports.
"""

from datetime import datetime
from functools import partial

from django.db import transaction

from onehall.places import actions, keeping
from onehall.places.models import City
from onehall.places.pack.plan import plan, plan_small
from onehall.places.pack.read import read, read_small
from onehall.places.pack.stored import codes_of, owners_of, small_of
from onehall.places.pack.write import area_texts, collection_text, file_docs, write
from onehall.places.rows import Change, PlacesPack

__all__ = [
    "Change",
    "PlacesPack",
    "apply",
    "area_texts",
    "codes_of",
    "collection_text",
    "file_docs",
    "owners_of",
    "plan",
    "plan_small",
    "read",
    "read_small",
    "small_of",
    "write",
]  # fmt: skip


def apply(pack: PlacesPack, *, by: str, now: datetime, parts: frozenset[str] | None = None) -> City:
    """Make the city what the pack says; `by` is the name of who did it. The same pack twice changes nothing.

    With `parts`, only they were read, and the rest of the city stays. Once it is in force, its gazetteer is built.
    """
    city = actions.apply_pack(pack=pack, by=by, now=now, parts=parts)
    transaction.on_commit(partial(keeping.prepare, city), robust=True)
    return city
