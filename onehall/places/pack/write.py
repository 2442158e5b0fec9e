"""From the database back to a pack's files; reading them again gives the same data."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from onehall.kernel import yamlfile
from onehall.places.models import City
from onehall.places.pack.stored import pack_of
from onehall.places.rows import AreaLayer, AssetRow, LandmarkRow, PlacesPack, StreetRow

_COLUMNS: Final = ("number", "street", "unit", "lon", "lat")


def write(city: City, folder: Path) -> None:
    """Write the places part of a city's pack into `folder`, made when missing. Other files are left alone."""
    write_pack(pack_of(city), folder)


def write_pack(pack: PlacesPack, folder: Path) -> None:
    """Write a pack that is already in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in file_docs(pack).items():
        (folder / path).write_text(yamlfile.dump(data), "utf-8")
    _clear(folder, pack)
    for path, text in area_texts(pack.areas).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    if pack.streets:
        own = pack.city.languages[0]
        _features(folder / "streets.geojson", (_street(row, own) for row in pack.streets))
    if pack.landmarks:
        _features(folder / "places.geojson", map(_landmark, pack.landmarks))
    for kind, rows in pack.assets.items():
        _features(folder / "assets" / f"{kind}.geojson", map(_asset, rows))
    if pack.addresses:
        _addresses(folder / "addresses.csv", pack)


def file_docs(pack: PlacesPack) -> dict[str, dict[str, Any]]:
    """What city.yaml and calendar.yaml say, as plain data."""
    facts = {name: value for name, value in asdict(pack.city).items() if value}
    return {"city.yaml": facts} | ({"calendar.yaml": pack.calendar} if pack.calendar else {})


def area_texts(layers: Iterable[AreaLayer]) -> dict[str, str]:
    """The files of areas/ by their path in the pack."""
    return {
        f"areas/{layer.stem}.geojson": _collection(_areas(layer), _layer_words(layer))
        for layer in layers
    }


def collection_text(document: Mapping[str, Any]) -> str:
    """A FeatureCollection as its file is written: one feature per line, what stands beside them first."""
    extra = {k: v for k, v in document.items() if k not in ("type", "features")}
    return _collection(document["features"], extra)


def _clear(folder: Path, pack: PlacesPack) -> None:
    """Take away files of parts that the city no longer has, so that they do not come back when read."""
    wanted = {f"areas/{layer.stem}" for layer in pack.areas}
    wanted |= {f"assets/{kind}" for kind in pack.assets}
    for path in [*folder.glob("areas/*.geojson"), *folder.glob("assets/*.geojson")]:
        if f"{path.parent.name}/{path.stem}" not in wanted:
            path.unlink()
    for name, rows in (
        ("calendar.yaml", pack.calendar),
        ("streets.geojson", pack.streets),
        ("places.geojson", pack.landmarks),
        ("addresses.csv", pack.addresses),
    ):
        if not rows:
            (folder / name).unlink(missing_ok=True)


def _feature(properties: dict[str, Any], geometry: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in properties.items() if value not in ("", None, {}, [])}
    return {"type": "Feature", "properties": kept, "geometry": geometry}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def _areas(layer: AreaLayer) -> Iterator[dict[str, Any]]:
    for row in layer.rows:
        yield _feature({"code": row.code, "name": row.name, "sort": row.sort or None}, row.geometry)


def _layer_words(layer: AreaLayer) -> dict[str, Any]:
    label = {"label": layer.label} if layer.label else {}
    return {"onehall": {**label, "public": layer.public}}


def _street(row: StreetRow, language: str) -> dict[str, Any]:
    one = len(row.lines) == 1
    shape = {
        "type": "LineString" if one else "MultiLineString",
        "coordinates": row.lines[0] if one else row.lines,
    }
    name = {language: row.name, **row.names} if row.names else row.name
    words = {"name": name, "kind": row.kind, **row.numbers, "aliases": row.aliases}
    return _feature(words, shape)


def _landmark(row: LandmarkRow) -> dict[str, Any]:
    shape = row.geometry or _point(row.lon, row.lat)
    words = {"key": row.key, "name": row.name, "kind": row.kind, "aliases": row.aliases}
    return _feature(words, shape)


def _asset(row: AssetRow) -> dict[str, Any]:
    feature = _feature({"code": row.code, "name": row.name}, _point(row.lon, row.lat))
    # Facts are the city's own; an empty one is still a fact.
    feature["properties"] |= row.facts
    return feature


def _features(
    path: Path, features: Iterable[dict[str, Any]], extra: dict[str, Any] | None = None
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_collection(features, extra or {}), "utf-8")


def _collection(features: Iterable[dict[str, Any]], extra: dict[str, Any]) -> str:
    """A FeatureCollection with one feature per line, so that a change is one changed line."""
    top = "".join(f',"{name}":{_json(value)}' for name, value in extra.items())
    lines = ",\n".join(_json(feature) for feature in features)
    return f'{{"type":"FeatureCollection"{top},"features":[\n{lines}\n]}}\n'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _addresses(path: Path, pack: PlacesPack) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in pack.addresses:
            writer.writerow((row.number, row.street, row.unit, repr(row.lon), repr(row.lat)))
