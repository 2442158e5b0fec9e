"""A file of areas that somebody sent: GeoJSON, a zipped shapefile, a GeoPackage or KML, all turned into one GeoJSON text.

The file is a stranger's: how much it unpacks to, how long it is read and how much comes out of it are bounded.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import shapely

from onehall.kernel.geo import Box
from onehall.places import geometry
from onehall.places.pack import foreign, gis
from onehall.places.pack.foreign import FileRefused
from onehall.places.pack.gis import gpkg, kml, shp
from onehall.places.pack.gis.crs import ToDegrees
from onehall.places.pack.gis.layers import Record, Refused

ENDINGS: Final = (".geojson", ".json", ".zip", ".gpkg", ".kml", ".kmz")
MOST_UNPACKED: Final = 100_000_000
"""Bytes that an archive may unpack to."""
SECONDS: Final = 10.0
"""For how long a GeoPackage may think."""
_MOST_COLUMNS: Final = 100
_MOST_VALUE: Final = 200
_SQLITE: Final = b"SQLite format 3\x00"
_ZIP: Final = b"PK\x03\x04"
_SHP: Final = b"\x00\x00\x27\x0a"
_WITHIN: Final = (".gpkg", ".kml", ".geojson", ".json")
_KINDS: Final = 'GeoJSON, a shapefile as a .zip, a GeoPackage (.gpkg) or KML; QGIS writes each of them with "Export".'


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file does not say of itself, or says wrongly; "" for what it may say. As in a pack's sources.yaml."""

    layer: str = ""
    crs: str = ""
    encoding: str = ""


def as_geojson(data: bytes, hints: Hints, *, bounds: Box | None, most: int) -> str:
    """The file as the text of a GeoJSON file with polygons in degrees, at most `most` letters.

    `bounds` is where the city lies: what another reference system puts elsewhere is told. `FileRefused` in words.
    """
    try:
        return _text_of(data, hints, bounds, most, inside=False)
    except Refused as no:
        raise FileRefused(str(no), no.advice) from None


def _text_of(data: bytes, hints: Hints, bounds: Box | None, most: int, *, inside: bool) -> str:
    if data.startswith(_SHP):
        words = "This is a .shp alone: what its areas are called stands in other files."
        raise FileRefused(words, "Put the .shp, .shx, .dbf and .prj into one .zip and send that.")
    if data.startswith(_SQLITE):
        return _layer_of(data, ".gpkg", hints, bounds, most)
    if data.startswith(_ZIP) and not inside:
        return _unpacked(data, hints, bounds, most)
    if kml.is_kml(data):
        return _written(kml.features(data), {}, most)
    return _plain(data)


def _plain(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\x00" in data[:1000]:
            raise FileRefused("This is no file of areas.", f"Send {_KINDS}") from None
        raise FileRefused("This is not UTF-8 text.", "Save the file as UTF-8.") from None
    if "\x00" in text:
        raise FileRefused("There is a control character in the text.", "Delete it.")
    return text


def _unpacked(data: bytes, hints: Hints, bounds: Box | None, most: int) -> str:
    """What an archive holds: a shapefile, or one file of another kind."""
    member: bytes | None = None
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = [m for m in archive.namelist() if not _is_hidden(m)]
            whole = sum(info.file_size for info in archive.infolist())
            is_shapefile = any(PurePosixPath(name).suffix.lower() == ".shp" for name in names)
            if not is_shapefile and whole <= MOST_UNPACKED:
                # What an archive says of its sizes need not be so.
                with archive.open(_one_of(names)) as packed:
                    member = packed.read(MOST_UNPACKED + 1)
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        told = f"The .zip can not be unpacked: {' '.join(str(error).split())[:120]}."
        raise FileRefused(told, "Pack it again, as a plain .zip.") from None
    if whole > MOST_UNPACKED or len(member or b"") > MOST_UNPACKED:
        raise FileRefused(
            f"The .zip unpacks to more than {MOST_UNPACKED // 1_000_000} MB.",
            "Export only the layer of these areas, and simplify its outlines.",
        )
    if member is not None:
        return _text_of(member, hints, bounds, most, inside=True)
    return _layer_of(data, ".zip", hints, bounds, most)


def _is_hidden(member: str) -> bool:
    path = PurePosixPath(member)
    return path.name.startswith("._") or "__MACOSX" in path.parts


def _one_of(names: list[str]) -> str:
    fitting = [n for n in names if PurePosixPath(n).suffix.lower() in _WITHIN]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        words = "There is no .shp in the .zip, and no other file of areas."
        raise FileRefused(words, "Put the .shp, .shx, .dbf and .prj of one layer into it.")
    raise FileRefused("There are several files of areas in the .zip.", "Send them one by one.")


def _layer_of(data: bytes, ending: str, hints: Hints, bounds: Box | None, most: int) -> str:
    """A layer of a shapefile or a GeoPackage, in degrees."""
    if not gis.is_installed():
        words = "Shapefiles and GeoPackages can not be read here: their reader is not installed."
        advice = 'Have whoever runs the server install it, with: pip install "onehall[gis]". Or send GeoJSON in longitude and latitude.'
        raise FileRefused(words, advice)
    with TemporaryDirectory(prefix="onehall-sent-") as folder:
        path = Path(folder) / f"sent{ending}"
        path.write_bytes(data)
        opened = (
            gpkg.opened(path, hints.layer, seconds=SECONDS)
            if ending == ".gpkg"
            else shp.opened(path, hints.layer, hints.encoding, most=MOST_UNPACKED)
        )
        with opened as layer:
            turn = ToDegrees(hints.crs or layer.crs)
            wanted = {name: name for name in layer.columns[:_MOST_COLUMNS]}
            rows = list(_bounded(turn.turned(layer.records(wanted))))
    _check_near(rows, bounds, turn)
    told = {"from": turn.name, "doubt": turn.doubt()}
    return _written(map(_feature, rows), told, most)


def _bounded(records: Iterator[Record]) -> Iterator[Record]:
    """The records that are not deleted, as many as a layer may have."""
    count = corners = 0
    for record in records:
        if record.deleted:
            continue
        count += 1
        corners += 0 if record.shape is None else int(shapely.get_num_coordinates(record.shape))
        if count > foreign.MOST_FEATURES:
            raise Refused(
                f"It has more than {foreign.MOST_FEATURES:,} areas.",
                "Export fewer, or another layer.",
            )
        if corners > foreign.MOST_CORNERS:
            raise Refused(
                f"Its outlines have more than {foreign.MOST_CORNERS:,} corners.", foreign.SIMPLIFY
            )
        yield record


def _check_near(rows: list[Record], bounds: Box | None, turn: ToDegrees) -> None:
    """What lies all far away is in another reference system than the file says."""
    shapes = [row.shape for row in rows if row.shape is not None]
    if bounds is None or not shapes:
        return
    west, south, east, north = (float(side) for side in shapely.total_bounds(shapes))
    far = foreign.FAR
    apart = (
        east < bounds[0] - far or west > bounds[2] + far
        or north < bounds[1] - far or south > bounds[3] + far
    )  # fmt: skip
    if apart:
        words = (
            f"Read as {turn.name}, all of it lies far from the city, near {west:.3f} {south:.3f}."
        )
        advice = 'The .prj may be that of another file. Write the right one under "crs", like "EPSG:2229", or save the layer again in EPSG:4326.'
        raise Refused(words, advice)


def _feature(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "Feature",
        "properties": {name: _said(value) for name, value in record.values.items()},
        "geometry": None,
    }
    if record.fault:
        return found | {foreign.FAULT: record.fault}
    if record.shape is None:
        return found | {foreign.FAULT: "It has no shape."}
    made: Any = record.shape
    if made.geom_type not in geometry.POLYGONS:
        return found | {"geometry": {"type": made.geom_type, "coordinates": []}}
    return found | {"geometry": geometry.as_lists(made)}


def _said(value: Any) -> Any:
    """A value of a column as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bool, int)) or value is None:
        return value
    return foreign.said_by(value)[:_MOST_VALUE]


def _written(features: Any, turned: Mapping[str, str], most: int) -> str:
    document: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if turned:
        document[foreign.TURNED] = dict(turned)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if len(text) > most:
        told = f"What is in the file takes more than {most // 1_000_000} MB as GeoJSON."
        raise FileRefused(told, foreign.SIMPLIFY)
    return text
