"""What a pack takes from files that others make: an OpenStreetMap extract, a list of OpenAddresses."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import shapely

from onehall.kernel.yamlfile import Problems
from onehall.places import geometry
from onehall.places.models import LIMIT_LAYER
from onehall.places.pack import openaddresses, osm
from onehall.places.pack.openaddresses import OPENADDRESSES
from onehall.places.pack.osm import Inside
from onehall.places.rows import PlacesPack

# About 200 m: a street along the limit, a house across it.
_MARGIN: Final = 0.002


def filled(folder: Path, pack: PlacesPack, problems: Problems) -> PlacesPack:
    """The pack with what its own files do not say; a file of the pack's own always comes first."""
    inside = _inside(pack)
    path = folder / OPENADDRESSES
    if path.exists() and not (folder / "addresses.csv").exists():
        pack = replace(
            pack, addresses=openaddresses.read(path, inside, problems)
        )  # fmt: skip
        if not pack.addresses and not problems:
            _tell_nothing(OPENADDRESSES, problems)
    extracts = sorted(folder.glob("*.osm.pbf"))
    if len(extracts) > 1:
        told = f"There are two extracts, {extracts[0].name} and {extracts[1].name}."
        problems.add(extracts[1].name, 1, told, "Keep one.")
    return _with_extract(folder, pack, extracts[0], inside, problems) if extracts else pack


def _with_extract(
    folder: Path, pack: PlacesPack, path: Path, inside: Inside, problems: Problems
) -> PlacesPack:
    if not osm.is_installed():
        told = "The reader of OpenStreetMap extracts is not installed."
        problems.add(path.name, 1, told, 'Install it: pip install "onehall[osm]".')
        return pack
    try:
        found = osm.read(path, pack.city.languages, inside)
    except osm.Unreadable as error:
        told = f"This is not an OpenStreetMap extract: {error}."
        problems.add(path.name, 1, told, "Fetch it again, as .osm.pbf.")
        return pack
    if not found.streets and not found.addresses and not found.landmarks:
        _tell_nothing(path.name, problems)
    if "credit" not in pack.city.map:
        pack = replace(pack, city=replace(pack.city, map=pack.city.map | {"credit": osm.CREDIT}))
    lacks_addresses = not any((folder / n).exists() for n in ("addresses.csv", OPENADDRESSES))
    return replace(
        pack,
        streets=pack.streets if (folder / "streets.geojson").exists() else found.streets,
        addresses=found.addresses if lacks_addresses else pack.addresses,
        landmarks=pack.landmarks if (folder / "places.geojson").exists() else found.landmarks,
    )


def _tell_nothing(file: str, problems: Problems) -> None:
    told = "Nothing in this file lies inside the city limit."
    problems.add(file, 1, told, "Check that it is of this city.")


def _inside(pack: PlacesPack) -> Inside:
    """Whether a point lies in the city or right beside it; always true without a limit."""
    rows = [row for layer in pack.areas if layer.layer == LIMIT_LAYER for row in layer.rows]
    if not rows:
        return lambda _lon, _lat: True
    limit = shapely.unary_union([geometry.built(row.geometry) for row in rows]).buffer(_MARGIN)
    shapely.prepare(limit)
    west, south, east, north = limit.bounds

    def inside(lon: float, lat: float) -> bool:
        near = west <= lon <= east and south <= lat <= north
        return near and bool(shapely.contains_xy(limit, lon, lat))

    return inside
