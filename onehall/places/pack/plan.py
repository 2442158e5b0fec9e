"""What applying a pack would change, told row by row where that is short and in numbers where it is not."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from onehall.places.models import City
from onehall.places.pack.stored import pack_of, small_of
from onehall.places.rows import AreaLayer, AssetRow, Change, LandmarkRow, PlacesPack

_CITY_FIELDS: Final = (
    "name", "time_zone", "languages", "hosts", "contact", "emergency", "outside", "brand",
    "numbering", "map", "publishing", "retention",
)  # fmt: skip
_MOST_NAMED: Final = 20


def plan_small(city: City, pack: PlacesPack, *, areas: bool) -> list[Change]:
    """The same for a pack of which only the city, the calendar and, if so said, the areas were read."""
    before = small_of(city, areas=areas)
    return (
        _city_changes(before, pack) + _calendar_changes(before, pack) + _map_changes(before, pack)
    )


def plan(city: City | None, pack: PlacesPack) -> list[Change]:
    """The changes that `apply` would make to a city (None: it is not there yet); [] when nothing would change."""
    if city is None or not city.pack_hashes:
        before = PlacesPack(city=pack.city)
        changes = [] if city else [Change("add", "city", pack.city.slug, pack.city.name)]
    elif city.pack_hashes == pack.hashes():
        return []
    else:
        before = pack_of(city)
        changes = _city_changes(before, pack)
    return changes + _calendar_changes(before, pack) + _map_changes(before, pack)


def _calendar_changes(before: PlacesPack, after: PlacesPack) -> list[Change]:
    if before.calendar == after.calendar:
        return []
    kind: Literal["add", "change"] = "change" if before.calendar else "add"
    return [Change(kind, "calendar", "calendar", ", ".join(after.calendar))]


def _city_changes(before: PlacesPack, after: PlacesPack) -> list[Change]:
    changes = []
    for name in _CITY_FIELDS:
        old, new = getattr(before.city, name), getattr(after.city, name)
        if old != new:
            plain = isinstance(new, str)
            detail = f"{old} → {new}" if plain else "other values"
            changes.append(Change("change", "city", name, detail))
    return changes


def _map_changes(before: PlacesPack, after: PlacesPack) -> list[Change]:
    changes = _layer_changes(before.areas, after.areas)
    changes += _rows("street", before.streets, after.streets, lambda row: row.name)
    changes += _rows(
        "address", before.addresses, after.addresses,
        lambda row: " ".join(filter(None, (row.number, row.street, row.unit))),
    )  # fmt: skip
    changes += _rows("place", before.landmarks, after.landmarks, _landmark_name)
    for kind in dict.fromkeys([*before.assets, *after.assets]):
        old: list[AssetRow] = before.assets.get(kind, [])
        changes += _rows(kind, old, after.assets.get(kind, []), lambda row: row.code)
    return changes


def _layer_changes(before: list[AreaLayer], after: list[AreaLayer]) -> list[Change]:
    old = {layer.layer: layer for layer in before}
    changes: list[Change] = []
    for layer in after:
        was = old.pop(layer.layer, None)
        if was is None:
            detail = f"{len(layer.rows)} areas"
            changes.append(Change("add", "layer", layer.layer, detail))
            continue
        if (was.label, was.public, was.stem) != (layer.label, layer.public, layer.stem):
            changes.append(Change("change", "layer", layer.layer, "label, order or who may see it"))
        changes += _rows(layer.layer, was.rows, layer.rows, lambda row: row.code)
    changes += [
        Change("remove", "layer", name, f"{len(was.rows)} areas") for name, was in old.items()
    ]
    if not changes and [layer.layer for layer in before] != [layer.layer for layer in after]:
        changes.append(Change("change", "layer", "areas", "order of the layers"))
    return changes


def _rows(
    what: str, before: Iterable[Any], after: Iterable[Any], name_of: Callable[[Any], str]
) -> list[Change]:
    """Rows added, changed (same name, other values) and removed; only the order: one change."""
    old, new = _named(before, name_of), _named(after, name_of)
    changes: list[Change] = []
    kinds: tuple[tuple[Literal["add", "change", "remove"], list[str]], ...] = (
        ("add", [name for name in new if name not in old]),
        ("change", [name for name in new if name in old and old[name] != new[name]]),
        ("remove", [name for name in old if name not in new]),
    )
    for kind, names in kinds:
        if len(names) > _MOST_NAMED:
            changes.append(Change(kind, what, f"{len(names)} rows", f"{names[0]} … {names[-1]}"))
        else:
            changes += [Change(kind, what, name) for name in names]
    if not changes and list(before) != list(after):
        changes.append(Change("change", what, "order", "the same rows in another order"))
    return changes


def _named(rows: Iterable[Any], name_of: Callable[[Any], str]) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for row in rows:
        named.setdefault(name_of(row), []).append(row)
    return named


def _landmark_name(row: LandmarkRow) -> str:
    """The key; a shape without one is told by where it lies."""
    return row.key or f"{row.kind} at {row.lon:.5f}, {row.lat:.5f}"
