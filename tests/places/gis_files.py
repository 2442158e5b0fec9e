"""Shapefiles and GeoPackages as a city's GIS would export them, written from GeoJSON features."""

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import numpy as np
import pyproj
import shapefile
import shapely
from shapely.geometry import shape

from onehall.places import geometry, pack
from onehall.places.rows import PlacesPack
from tests.places.conftest import LAT, LON, feature

FEET = "EPSG:2229"
"""California State Plane, zone 5, in US survey feet."""
DEGREES = "EPSG:4326"

type Features = Sequence[dict[str, Any]]

CITY: Final = (
    "slug: somewhere\nname: Somewhere\ntime_zone: America/Los_Angeles\nlanguages: [en, es]\n"
)
STREETS: Final = "{file: gis/streets.shp, gives: streets, columns: {name: NAME}}"
ADDRESSES: Final = "{file: gis/a.shp, gives: addresses, columns: {number: NO, street: STREET}}"
PLACES: Final = '{file: gis/p.shp, gives: places, columns: {key: "p-{ID}", name: NAME, kind: KIND}}'
ASSETS: Final = "{file: gis/lamp.shp, gives: assets, as: lamp, columns: {code: POLE}}"


def empty_pack(home: Path) -> Path:
    """A pack that is a name and nothing else yet."""
    found = home / "somewhere"
    (found / "gis").mkdir(parents=True)
    (found / "city.yaml").write_text(CITY)
    return found


def says(folder: Path, *entries: str) -> None:
    """Write sources.yaml: one entry a line, from line 2 on."""
    lines = "".join(f"  - {entry}\n" for entry in entries)
    (folder / "sources.yaml").write_text(f"sources:\n{lines}", "utf-8")


def told(folder: Path) -> list[str]:
    """The problems of a pack as text."""
    return [str(problem) for problem in pack.read(folder)[1]]


def sound(folder: Path) -> PlacesPack:
    """A pack without problems."""
    found, problems = pack.read(folder)
    assert [str(problem) for problem in problems] == []
    return found


def point(properties: dict[str, Any], east: float = 0, north: float = 0) -> dict[str, Any]:
    """A feature in Millbrook."""
    return feature(properties, "Point", [LON + east, LAT + north])


def line(properties: dict[str, Any]) -> dict[str, Any]:
    """A short street there."""
    return feature(properties, "LineString", [[LON, LAT], [LON + 0.002, LAT]])


def turned(drawn: dict[str, Any] | None, crs: str) -> Any:
    """A geometry in degrees as Shapely has it in another reference system."""
    if drawn is None:
        return None
    turn = pyproj.Transformer.from_crs(DEGREES, crs, always_xy=True)
    return shapely.transform(
        shape(drawn), lambda points: np.column_stack(turn.transform(*points.T))
    )


def write_shp(
    path: Path, features: Features, *, crs: str = DEGREES, encoding: str = "utf-8", prj: str = ""
) -> Path:
    """A shapefile at `path` (a .shp) with all that belongs to it, its columns those of the features, cut to ten letters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for one in features for name in one["properties"]))
    with shapefile.Writer(str(path), encoding=encoding) as writer:
        for name in columns:
            values = [one["properties"].get(name) for one in features]
            writer.field(name[:10], *_kind(values, encoding))
        for one in features:
            made = turned(one["geometry"], crs)
            if made is None or made.is_empty:
                writer.null()
            else:
                writer.shape(geometry.as_lists(made))
            found = (one["properties"].get(name) for name in columns)
            writer.record(*("" if value is None else value for value in found))
    path.with_suffix(".cpg").write_text(encoding)
    path.with_suffix(".prj").write_text(prj or pyproj.CRS(crs).to_wkt("WKT1_ESRI"))
    return path


def _kind(values: Iterable[Any], encoding: str) -> tuple[str, int, int]:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, int) for value in there):
        return "N", 12, 0
    if there and all(isinstance(value, (int, float)) for value in there):
        return "F", 20, 8
    longest = max((len(str(value).encode(encoding)) for value in there), default=1)
    return "C", min(max(longest, 1), 254), 0


def zipped(path: Path, *shapefiles: Path, folder: str = "") -> Path:
    """Shapefiles in one .zip."""
    with ZipFile(path, "w") as archive:
        for one in shapefiles:
            for part in sorted(one.parent.glob(f"{one.stem}.*")):
                archive.write(part, f"{folder}{part.name}")
    return path


def blob(made: Any, system: int, *, box: int = 1, endian: str = "<") -> bytes:
    """A shape in the binary form of a GeoPackage; `box` is the kind of envelope."""
    kind = {0: "", 1: "4d"}[box]
    order = 1 if endian == "<" else 0
    flags = order | box << 1 | (made.is_empty << 4)
    west, south, east, north = made.bounds if not made.is_empty else (0, 0, 0, 0)
    head = struct.pack(f"{endian}2sBBi", b"GP", 0, flags, system)
    numbers = struct.pack(f"{endian}{kind}", west, east, south, north) if kind else b""
    return head + numbers + shapely.to_wkb(made, byte_order=order)


def write_gpkg(
    path: Path,
    layers: dict[str, Features],
    *,
    crs: str = DEGREES,
    system: int | None = None,
    box: int = 1,
    endian: str = "<",
) -> Path:
    """A GeoPackage with the layers; `system` in place of the number of its reference system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = pyproj.CRS(crs)
    number = int(crs.partition(":")[2]) if system is None else system
    with closing(sqlite3.connect(path)) as base:
        base.executescript(
            "PRAGMA application_id = 1196444487;"
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY,"
            " organization TEXT, organization_coordsys_id INTEGER, definition TEXT);"
            "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);"
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT,"
            " geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);"
            "INSERT INTO gpkg_spatial_ref_sys VALUES"
            " ('Undefined', -1, 'NONE', -1, 'undefined'), ('Undefined', 0, 'NONE', 0, 'undefined')"
        )
        if number > 0:
            row = (known.name, number, "EPSG", number, known.to_wkt("WKT1_GDAL"))
            base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?)", row)
        for name, features in layers.items():
            _write_layer(base, name, features, crs, number, box, endian)
        base.commit()
    return path


def _write_layer(
    base: sqlite3.Connection,
    name: str,
    features: Features,
    crs: str,
    number: int,
    box: int,
    endian: str,
) -> None:
    columns = list(dict.fromkeys(key for one in features for key in one["properties"]))
    listed = "".join(f', "{column}"' for column in columns)
    base.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY, geom BLOB{listed})')
    base.execute("INSERT INTO gpkg_contents VALUES (?, 'features', ?)", (name, number))
    base.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', ?, 0, 0)", (name, number)
    )
    marks = ", ".join("?" * (len(columns) + 1))
    for one in features:
        made = turned(one["geometry"], crs)
        packed = None if made is None else blob(made, number, box=box, endian=endian)
        values = [one["properties"].get(column) for column in columns]
        base.execute(f'INSERT INTO "{name}" (geom{listed}) VALUES ({marks})', [packed, *values])
