"""From a pack's folder to plain data, with every mistake by file and line."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from onehall.kernel.yamlfile import PackProblem, Problems
from onehall.places import geometry
from onehall.places.models import LIMIT_LAYER
from onehall.places.pack import sources
from onehall.places.pack.documents import read_calendar, read_city
from onehall.places.pack.geojson import Feature, FeatureFile
from onehall.places.rows import (
    DRAWN_KINDS,
    NUMBER_FIELDS,
    STREET_KINDS,
    AddressRow,
    AreaLayer,
    AreaRow,
    AssetRow,
    LandmarkRow,
    PlacesPack,
    StreetRow,
)
from onehall.places.rules import street_norm

_PREFIX: Final = re.compile(r"^\d+[-_]")
_NAME: Final = re.compile(r"^[a-z][a-z0-9_-]{0,59}$")
_COLUMNS: Final = ("number", "street", "unit", "lon", "lat")
_MOST_ALIKE: Final = 50
# About 55 km: further from the city's own limit than any of its streets can be.
_FAR: Final = 0.5


def read(folder: Path) -> tuple[PlacesPack, list[PackProblem]]:
    """The places part of a pack and everything wrong with it. With problems the pack is only a partial picture."""
    problems = Problems()
    city = read_city(folder, problems)
    pack = PlacesPack(
        city=city,
        calendar=read_calendar(folder, problems),
        areas=_areas(folder, city.languages, problems),
        streets=_streets(folder, city.languages, problems),
        addresses=_addresses(folder, problems),
        landmarks=_landmarks(folder, city.languages, problems),
        assets=_assets(folder, city.languages, problems),
    )
    pack = sources.filled(folder, pack, problems)
    _check_limit(pack, problems)
    _check_near(pack, problems)
    return pack, sorted(problems)


def read_small(
    folder: Path, held: PlacesPack, *, areas: bool
) -> tuple[PlacesPack, list[PackProblem]]:
    """The parts that are changed in the console; the others, and the areas unless asked for, are as `held`."""
    problems = Problems()
    city = read_city(folder, problems)
    pack = PlacesPack(
        city=city,
        calendar=read_calendar(folder, problems),
        areas=_areas(folder, city.languages, problems) if areas else held.areas,
        assets=held.assets,
    )
    if city.slug and city.slug != held.city.slug:
        problems.add(
            "city.yaml", 1, "The slug of a city stays.", f'Write "{held.city.slug}".', "slug"
        )
    if areas:
        _check_limit(pack, problems)
        _check_near(pack, problems)
    return pack, sorted(problems)


def _files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / name).glob("*.geojson"))


# --- areas -----------------------------------------------------------------------------------------


def _areas(folder: Path, languages: Sequence[str], problems: Problems) -> list[AreaLayer]:
    layers: dict[str, AreaLayer] = {}
    for path in _files(folder, "areas"):
        source = FeatureFile(path, folder, problems)
        name = _PREFIX.sub("", path.stem).replace("-", "_")
        if not _NAME.match(name) or name in layers:
            advice = "Name it 10-district.geojson: a number, then small letters; each layer once."
            problems.add(source.file, 1, f'"{path.name}" does not name a layer.', advice)
            continue
        label, public = _layer_words(source, languages, problems)
        rows = sorted(_area_rows(source, languages), key=lambda row: row.sort)
        layers[name] = AreaLayer(path.stem, name, rows, label, public)
    return list(layers.values())


def _area_rows(source: FeatureFile, languages: Sequence[str]) -> Iterator[AreaRow]:
    codes: set[str] = set()
    for feature in source.features():
        code = feature.text("code", required=True, most=60)
        name = feature.words("name", languages, required=True)
        sort = feature.whole("sort") or 0
        shape = feature.geometry(geometry.POLYGONS)
        feature.finish()
        if code in codes:
            feature.problem(f'The code "{code}" is used twice.', "Give each area its own code.")
        codes.add(code)
        if shape and feature.sound:
            yield AreaRow(code, name, shape, sort)


def _layer_words(
    source: FeatureFile, languages: Sequence[str], problems: Problems
) -> tuple[dict[str, str], bool]:
    """The optional top-level "onehall": {"label": ..., "public": true}."""
    extra = source.document.get("onehall", {})
    if not isinstance(extra, dict) or extra.keys() - {"label", "public"}:
        advice = 'Write "onehall": {"label": {...}, "public": true}.'
        problems.add(source.file, 1, 'The field "onehall" is not understood.', advice)
        return {}, True
    label = extra.get("label", {})
    if isinstance(label, str):
        label = {languages[0]: label}
    if not isinstance(label, dict) or label.keys() - set(languages):
        problems.add(
            source.file,
            1,
            "The label is not in the city's languages.",
            f"Use {', '.join(languages)}.",
        )
        label = {}
    if not isinstance(extra.get("public", True), bool):
        problems.add(source.file, 1, '"public" is not true or false.', "Write true or false.")
    return {str(k): str(v) for k, v in label.items()}, extra.get("public", True) is True


# --- streets, landmarks, assets ----------------------------------------------------------------------


def _streets(folder: Path, languages: Sequence[str], problems: Problems) -> list[StreetRow]:
    rows: list[StreetRow] = []
    for feature in _optional(folder, "streets.geojson", problems):
        names = feature.words("name", languages)
        name = names.pop(languages[0], "")
        kind = feature.text("kind") or "street"
        if kind not in STREET_KINDS:
            feature.problem(
                f'The kind "{kind}" is not known.', f"Use one of: {', '.join(STREET_KINDS)}."
            )
        found = {field: feature.whole(field) for field in NUMBER_FIELDS}
        numbers = {field: value for field, value in found.items() if value is not None}
        _check_numbers(feature, numbers)
        aliases = feature.texts("aliases")
        shape = feature.geometry(geometry.LINES)
        feature.finish()
        if shape and feature.sound:
            lines = geometry.lines_of(shape)
            rows.append(StreetRow(name, kind, lines, numbers, aliases, names))
    return rows


def _check_numbers(feature: Feature, numbers: dict[str, int]) -> None:
    for side in ("left", "right"):
        ends = [f"{side}_{end}" in numbers for end in ("from", "to")]
        if ends[0] != ends[1]:
            feature.problem(
                f"Only one house number on the {side} side.", f'Give "{side}_from" and "{side}_to".'
            )


def _landmarks(folder: Path, languages: Sequence[str], problems: Problems) -> list[LandmarkRow]:
    rows: list[LandmarkRow] = []
    keys: set[str] = set()
    for feature in _optional(folder, "places.geojson", problems):
        row = _landmark(feature, languages)
        if row is None:
            continue
        if row.key and row.key in keys:
            feature.problem(f'The key "{row.key}" is used twice.', "Give each place its own key.")
        keys.add(row.key)
        rows.append(row)
    return rows


def _landmark(feature: Feature, languages: Sequence[str]) -> LandmarkRow | None:
    shape = feature.geometry((*geometry.POINTS, *geometry.POLYGONS))
    point = shape is not None and shape["type"] == "Point"
    key = feature.text("key", required=point, most=60)
    name = feature.words("name", languages, required=point)
    kind = feature.text("kind", required=True, most=40)
    aliases = feature.texts("aliases")
    feature.finish()
    if key and not _NAME.match(key):
        feature.problem(
            f'The key "{key}" is not well formed.', "Use small letters, digits, - and _."
        )
    if shape and not point and kind and kind not in DRAWN_KINDS:
        feature.problem(
            f'A shape of kind "{kind}" is not drawn.', f"Use one of: {', '.join(DRAWN_KINDS)}."
        )
    if shape is None or not feature.sound:
        return None
    lon, lat = shape["coordinates"] if point else geometry.inner_point(shape)
    return LandmarkRow(key, name, kind, aliases, lon, lat, None if point else shape)


def _assets(
    folder: Path, languages: Sequence[str], problems: Problems
) -> dict[str, list[AssetRow]]:
    kinds: dict[str, list[AssetRow]] = {}
    for path in _files(folder, "assets"):
        source = FeatureFile(path, folder, problems)
        if not _NAME.match(path.stem):
            problems.add(
                source.file,
                1,
                f'"{path.name}" does not name a kind of asset.',
                "Use small letters.",
            )
        kinds[path.stem] = list(_asset_rows(source, languages))
    return kinds


def _asset_rows(source: FeatureFile, languages: Sequence[str]) -> Iterator[AssetRow]:
    codes: set[str] = set()
    for feature in source.features():
        code = feature.text("code", required=True, most=60)
        name = feature.words("name", languages)
        facts = feature.rest()
        shape = feature.geometry(geometry.POINTS)
        if code in codes:
            feature.problem(f'The code "{code}" is used twice.', "Give each thing its own code.")
        codes.add(code)
        if shape and feature.sound:
            lon, lat = shape["coordinates"]
            yield AssetRow(code, name, lon, lat, facts)


def _optional(folder: Path, name: str, problems: Problems) -> Iterator[Feature]:
    path = folder / name
    if path.exists():
        yield from FeatureFile(path, folder, problems).features()


# --- addresses -----------------------------------------------------------------------------------


def _addresses(folder: Path, problems: Problems) -> list[AddressRow]:
    path = folder / "addresses.csv"
    if not path.exists():
        return []
    rows: list[AddressRow] = []
    found = Problems()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if _columns_fit(reader.fieldnames, found):
                for record in reader:
                    row = _address(record, reader.line_num, found)
                    if row:
                        rows.append(row)
    except UnicodeDecodeError:
        found.add("addresses.csv", 1, "This is not UTF-8 text.", "Save the file as UTF-8.")
    except (csv.Error, OSError) as error:
        found.add("addresses.csv", 1, f"The file cannot be read: {error}.", "Save it again as CSV.")
    problems.extend(found[:_MOST_ALIKE])
    if len(found) > _MOST_ALIKE:
        more = f"{len(found) - _MOST_ALIKE} more lines have mistakes."
        problems.add("addresses.csv", found[_MOST_ALIKE].line, more, "Mend those listed first.")
    return rows


def _columns_fit(names: Sequence[str] | None, problems: Problems) -> bool:
    got = list(names or [])
    missing = [name for name in _COLUMNS if name not in got and name != "unit"]
    for name in missing:
        problems.add(
            "addresses.csv",
            1,
            f'There is no column "{name}".',
            f"The columns are {', '.join(_COLUMNS)}.",
        )
    for name in got:
        if name not in _COLUMNS:
            problems.add(
                "addresses.csv",
                1,
                f'Unknown column "{name}".',
                f"Remove it. The columns are {', '.join(_COLUMNS)}.",
            )
    return not missing


def _address(record: dict[str, Any], line: int, problems: Problems) -> AddressRow | None:
    values = [str(record.get(name) or "").strip() for name in _COLUMNS]
    number, street, unit, lon, lat = values
    before = len(problems)
    if not number or not street or None in record:
        problems.add(
            "addresses.csv", line, "The line is not whole.", f"Write {', '.join(_COLUMNS)}."
        )
    elif len(number) > 20 or len(unit) > 40 or len(street) > 120 or not street_norm(street):
        problems.add("addresses.csv", line, "A value is too long or has no letters.", "Shorten it.")
    try:
        point = {"type": "Point", "coordinates": [float(lon), float(lat)]}
    except ValueError:
        problems.add(
            "addresses.csv",
            line,
            f'"{lon}, {lat}" is not a point.',
            "Write lon and lat in degrees.",
        )
        return None
    for fault in geometry.faults_of(point, kinds=geometry.POINTS):
        problems.add("addresses.csv", line, fault.message, fault.advice)
    if len(problems) > before:
        return None
    return AddressRow(number, street, unit, float(lon), float(lat))


# --- together --------------------------------------------------------------------------------------


def _check_limit(pack: PlacesPack, problems: Problems) -> None:
    if pack.areas and all(layer.layer != LIMIT_LAYER for layer in pack.areas):
        advice = "Add areas/00-city-limit.geojson with the city's outline."
        problems.add("areas", 1, "There is no city limit.", advice)


def _check_near(pack: PlacesPack, problems: Problems) -> None:
    """Report a file whose first far point lies nowhere near the city limit: swapped or another town's data."""
    limit = next((layer for layer in pack.areas if layer.layer == LIMIT_LAYER), None)
    if limit is None or not limit.rows:
        return
    points = [p for row in limit.rows for p in geometry.positions(row.geometry["coordinates"])]
    west, east = min(p[0] for p in points) - _FAR, max(p[0] for p in points) + _FAR
    south, north = min(p[1] for p in points) - _FAR, max(p[1] for p in points) + _FAR
    for file, found in _all_points(pack):
        for lon, lat in found:
            if west <= lon <= east and south <= lat <= north:
                continue
            swapped = west <= lat <= east and south <= lon <= north
            advice = (
                "Write longitude first, then latitude."
                if swapped
                else "Check where the data is from."
            )
            problems.add(file, 1, f"[{lon:g}, {lat:g}] is far from the city limit.", advice)
            break


def _all_points(pack: PlacesPack) -> Iterator[tuple[str, Iterator[tuple[float, float]]]]:
    """The points of each part, by the file that it is from."""
    yield (
        pack.files.get("streets", "streets.geojson"),
        (p for row in pack.streets for p in geometry.positions(row.lines)),
    )
    yield (
        pack.files.get("addresses", "addresses.csv"),
        ((row.lon, row.lat) for row in pack.addresses),
    )
    yield pack.files.get("places", "places.geojson"), ((row.lon, row.lat) for row in pack.landmarks)
    for kind, rows in pack.assets.items():
        part = f"assets/{kind}"
        yield pack.files.get(part, f"{part}.geojson"), ((row.lon, row.lat) for row in rows)
    for layer in pack.areas:
        if layer.layer != LIMIT_LAYER:
            corners = (
                p for row in layer.rows for p in geometry.positions(row.geometry["coordinates"])
            )
            part = f"areas/{layer.stem}"
            yield pack.files.get(part, f"{part}.geojson"), corners
