"""How two sets of keyed documents differ, as changes of a pack."""

from collections.abc import Iterable, Mapping
from typing import Any

from onehall.places.rows import Change

type Doc = dict[str, Any]


def differences(
    what: str, old: Mapping[str, Doc], new: Mapping[str, Doc], *, removed: str
) -> list[Change]:
    """Added, changed (with the names of the fields) and removed documents; then their order, if only that changed.

    `removed` says what becomes of those that are gone.
    """
    changes: list[Change] = []
    for key, doc in new.items():
        if key not in old:
            changes.append(Change(kind="add", what=what, name=key))
        elif old[key] != doc:
            before = old[key]
            fields = sorted(f for f in {*doc, *before} if before.get(f) != doc.get(f))
            changes.append(Change(kind="change", what=what, name=key, detail=", ".join(fields)))
    changes += [
        Change(kind="remove", what=what, name=key, detail=removed) for key in old if key not in new
    ]
    if _order(old, new) != _order(new, old):
        words = "the same ones in another order"
        changes.append(Change(kind="change", what=what, name="order", detail=words))
    return changes


def _order(docs: Iterable[str], among: Mapping[str, Doc]) -> list[str]:
    return [key for key in docs if key in among]
