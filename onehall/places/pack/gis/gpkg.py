"""GeoPackages: an SQLite file with tables of features, read with nothing but the standard library and Shapely."""

import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import shapely

from onehall.places.pack.gis.layers import Layer, Record, Refused, chosen

_AGAIN: Final = "Export the layer again, as a GeoPackage."
_ENVELOPES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
"""Bytes of the box that stands before a shape, by the kind that its flags say."""
_MOST_VALUE: Final = 32_000_000
"""Bytes of the largest shape in a file that somebody sent."""
_CURVES: Final = "It has curves. Export the layer with straight lines, for example: ogr2ogr -nlt CONVERT_TO_LINEAR."
_LAYERS: Final = (
    "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c"
    " JOIN gpkg_geometry_columns g ON g.table_name = c.table_name WHERE c.data_type = 'features'"
)
_SYSTEM: Final = (
    "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys"
    " WHERE srs_id = ?"
)


@contextmanager
def opened(path: Path, layer: str, *, seconds: float | None = None) -> Iterator[Layer]:
    """A layer of a GeoPackage, open for reading only; `Refused` when it is none, or is not read within `seconds`."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as base:
            # The file is somebody else's: what its views and triggers say has no rights here.
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA query_only = ON")
            if seconds is not None:
                _bound(base, seconds)
            yield _layer(base, layer)
    except sqlite3.Error as error:
        raise Refused(f"This is not a GeoPackage that can be read: {error}.", _AGAIN) from None


def _bound(base: sqlite3.Connection, seconds: float) -> None:
    """Let no statement of the file's own views and columns run for ever, or make a value without end."""
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
    until = time.monotonic() + seconds
    base.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)


def _layer(base: sqlite3.Connection, asked: str) -> Layer:
    tables = {table: (column, system) for table, column, system in base.execute(_LAYERS)}
    name = chosen(list(tables), asked, "layer")
    column, system = tables[name]
    columns = tuple(
        row[1] for row in base.execute(f"PRAGMA table_info({_quoted(name)})") if row[1] != column
    )
    return Layer(name, columns, _crs(base, system), partial(_records, base, name, column))


def _crs(base: sqlite3.Connection, system: Any) -> str:
    """What is said of a reference system; "" for those of which the format says that they are not known."""
    found = base.execute(_SYSTEM, (system,)).fetchone()
    if found is None or system in (-1, 0):
        return ""
    organization, code, definition = found
    known = str(organization).upper() == "EPSG"
    return f"EPSG:{code}" if known else str(definition or "")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _records(
    base: sqlite3.Connection, table: str, column: str, wanted: Mapping[str, str]
) -> Iterator[Record]:
    names = sorted(set(wanted.values()))
    asked = ", ".join(_quoted(name) for name in (column, *names))
    number = 0
    try:
        for number, (blob, *found) in enumerate(
            base.execute(f"SELECT {asked} FROM {_quoted(table)}"), 1  # noqa: S608 (quoted names of the file)
        ):  # fmt: skip
            row = dict(zip(names, found, strict=True))
            values = {said: row[name] for said, name in wanted.items()}
            yield Record(number, values, *shape_of(blob))
    except sqlite3.Error as error:
        told = f"Record {number + 1} can not be read: {error}."
        raise Refused(told, _AGAIN, record=number + 1) from None


def shape_of(blob: Any) -> tuple[Any, str]:
    """The shape in a GeoPackage's binary form, None for none; and what is wrong with it.

    Two letters "GP", a version, flags, the number of the reference system, a box of none to eight numbers, then WKB.
    """
    if blob is None:
        return None, ""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None, "Its shape is not written as in a GeoPackage."
    flags = blob[3]
    box = _ENVELOPES.get(flags >> 1 & 0b111)
    if box is None or flags & 0b100000:
        return None, "Its shape is of a kind beyond the GeoPackage format."
    try:
        shape = shapely.from_wkb(blob[8 + box :])
        return (None if shape.is_empty else shapely.force_2d(shape)), ""
    except NotImplementedError:
        return None, _CURVES
    except (shapely.errors.ShapelyError, struct.error) as error:
        return None, f"Its shape is broken: {' '.join(str(error).split())[:120]}."
