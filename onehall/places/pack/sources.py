"""What a pack takes from files that others make: those of the city's GIS, OpenAddresses, an OpenStreetMap extract."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import shapely

from onehall.kernel.yamlfile import Problems
from onehall.places import geometry
from onehall.places.models import LIMIT_LAYER
from onehall.places.pack import gis, openaddresses, osm
from onehall.places.pack.gis import Kept, Source
from onehall.places.pack.openaddresses import OPENADDRESSES
from onehall.places.pack.osm import Inside
from onehall.places.rows import PlacesPack

# About 200 m: a street along the limit, a house across it.
_MARGIN: Final = 0.002


def filled(folder: Path, pack: PlacesPack, problems: Problems) -> PlacesPack:
    """The pack with what its own files do not say; a file of the pack's own always comes first."""
    own = _own_parts(folder, pack)
    sources = [
        source
        for source in gis.mapping.read(folder, pack.city.languages, problems)
        if _own_name(source) not in own
    ]
    pack = _with_areas(pack, [s for s in sources if s.gives == "areas"], problems)
    inside = _inside(pack)
    pack = _with_places(pack, [s for s in sources if s.gives != "areas"], inside, problems)
    own |= {source.part for source in sources}
    path = folder / OPENADDRESSES
    if path.exists() and "addresses" not in own:
        pack = replace(pack, addresses=openaddresses.read(path, inside, problems))
        own.add("addresses")
        if not pack.addresses and not problems:
            _tell_nothing(OPENADDRESSES, problems)
    extracts = sorted(folder.glob("*.osm.pbf"))
    if len(extracts) > 1:
        told = f"There are two extracts, {extracts[0].name} and {extracts[1].name}."
        problems.add(extracts[1].name, 1, told, "Keep one.")
    return _with_extract(pack, extracts[0], own, inside, problems) if extracts else pack


def _own_name(source: Source) -> str:
    """The part that a source gives, a layer of areas without the number that orders it."""
    return f"areas/{gis.layer_of(source)}" if source.gives == "areas" else source.part


def _own_parts(folder: Path, pack: PlacesPack) -> set[str]:
    """The parts of which the pack has files of its own."""
    files = {"streets": "streets.geojson", "addresses": "addresses.csv", "places": "places.geojson"}
    return (
        {part for part, name in files.items() if (folder / name).exists()}
        | {f"areas/{layer.layer}" for layer in pack.areas}
        | {f"assets/{kind}" for kind in pack.assets}
    )


def _with_areas(pack: PlacesPack, sources: Sequence[Source], problems: Problems) -> PlacesPack:
    """The limit is among them: what lies outside of it is known only afterwards."""
    kept = Kept()
    notes = gis.take(sources, kept, pack.city.languages, lambda _lon, _lat: True, problems)
    return replace(
        pack,
        areas=sorted([*pack.areas, *kept.layers()], key=lambda layer: layer.stem),
        notes=[*pack.notes, *notes],
        files=pack.files | {source.part: source.file for source in sources},
    )


def _with_places(
    pack: PlacesPack, sources: Sequence[Source], inside: Inside, problems: Problems
) -> PlacesPack:
    kept = Kept()
    notes = gis.take(sources, kept, pack.city.languages, inside, problems)
    given = {source.gives for source in sources}
    found = {kind: list(rows.values()) for kind, rows in kept.assets.items()}
    return replace(
        pack,
        streets=kept.streets if "streets" in given else pack.streets,
        addresses=list(kept.addresses) if "addresses" in given else pack.addresses,
        landmarks=list(kept.landmarks.values()) if "places" in given else pack.landmarks,
        assets=dict(sorted((pack.assets | found).items())),
        notes=[*pack.notes, *notes],
        files=pack.files | {source.part: source.file for source in sources},
    )


def _with_extract(
    pack: PlacesPack, path: Path, own: set[str], inside: Inside, problems: Problems
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
    return replace(
        pack,
        streets=pack.streets if "streets" in own else found.streets,
        addresses=pack.addresses if "addresses" in own else found.addresses,
        landmarks=pack.landmarks if "places" in own else found.landmarks,
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
