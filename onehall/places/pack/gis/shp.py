"""Shapefiles: a .shp with its .shx and .dbf beside it, and .prj and .cpg where there are; also all of them as a .zip."""

import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import shapely
from shapely.geometry import shape as built_of

from onehall.places.pack.gis import dbf_text
from onehall.places.pack.gis.layers import Layer, Record, Refused, chosen

MAX_BYTES: Final = 2_200_000_000
"""A part of a shapefile has at most 2 GB, by its format."""
_NEEDED: Final = (".shp", ".shx", ".dbf")
_PARTS: Final = (*_NEEDED, ".prj", ".cpg")
_PIECE: Final = 1 << 20
_TOGETHER: Final = (
    "A shapefile is a .shp, a .shx and a .dbf of one name; a .prj and a .cpg belong to it."
)
_AGAIN: Final = "Export the layer again."
# What the reader of shapefiles lets through, beside errors of its own.
_BROKEN: Final[tuple[type[Exception], ...]] = (
    struct.error, ValueError, KeyError, IndexError, TypeError, AssertionError, EOFError, OSError,
    OverflowError, MemoryError,
)  # fmt: skip

type Parts = dict[str, Path]


@contextmanager
def opened(path: Path, layer: str, encoding: str, *, most: int | None = None) -> Iterator[Layer]:
    """The shapefile at a .shp or in a .zip, open; `encoding` is used where it is not "". `Refused` when it is none.

    `most` is how many bytes one of its parts may unpack to, where that is less than `MAX_BYTES`.
    """
    with ExitStack() as open_files:
        if path.suffix.lower() == ".zip":
            folder = Path(open_files.enter_context(TemporaryDirectory(prefix="onehall-gis-")))
            name, parts = _unpacked(path, layer, folder, most or MAX_BYTES)
        else:
            name, parts = chosen([path.stem], layer, "layer"), _beside(path)
        missing = [end for end in _NEEDED if end not in parts]
        if missing:
            raise Refused(f"Its {' and its '.join(missing)} is missing.", f"Add it. {_TOGETHER}")
        yield _layer(name, parts, encoding, open_files)


def _beside(path: Path) -> Parts:
    """The parts of a shapefile in a folder, whatever the case of their endings. Links out of the folder are none."""
    home = path.parent.resolve()
    return {
        one.suffix.lower(): one
        for one in sorted(path.parent.iterdir())
        if one.stem.lower() == path.stem.lower()
        and one.suffix.lower() in _PARTS
        and one.resolve().parent == home
    }


def _unpacked(path: Path, layer: str, folder: Path, most: int) -> tuple[str, Parts]:
    """The name and the parts of a shapefile in a .zip, written into a folder."""
    try:
        with ZipFile(path) as archive:
            found = _inside(archive)
            names = [name for name, members in found.items() if ".shp" in members]
            name_of = chosen(names, layer, "shapefile")
            return name_of, {
                end: _written(archive, member, folder / f"layer{end}", most=most)
                for end, member in found[name_of].items()
            }
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise Refused(
            f"The .zip can not be unpacked: {error}.", "Pack it again, as a plain .zip."
        ) from None


def _inside(archive: ZipFile) -> dict[str, dict[str, str]]:
    """The shapefiles of an archive: by name, or by path where two have one name, their parts by ending."""
    found: dict[PurePosixPath, dict[str, str]] = {}
    for member in archive.namelist():
        path = PurePosixPath(member)
        # macOS puts a twin of every file beside it.
        hidden = path.name.startswith("._") or "__MACOSX" in path.parts
        if path.suffix.lower() in _PARTS and not hidden:
            found.setdefault(path.with_suffix(""), {})[path.suffix.lower()] = member
    names = [path.name for path in found]
    return {
        path.name if names.count(path.name) == 1 else str(path): members
        for path, members in found.items()
    }


def _written(archive: ZipFile, member: str, path: Path, *, most: int) -> Path:
    """One file of an archive on the disk; what unpacks to more than `most` bytes is refused on the way."""
    size = 0
    with archive.open(member) as packed, path.open("wb") as file:
        while piece := packed.read(_PIECE):
            size += len(piece)
            if size > most:
                raise Refused(f"{member} has more than {_size(most)}.", "Export fewer records.")
            file.write(piece)
    return path


def _layer(name: str, parts: Parts, encoding: str, open_files: ExitStack) -> Layer:
    _check_length(parts[".shp"])
    letters = dbf_text.encoding_of(parts, encoding)
    shapefile = _reader()
    files = {end: open_files.enter_context(parts[end].open("rb")) for end in _NEEDED}
    try:
        with warnings.catch_warnings():
            # Its own length was looked at above; a wrong one that hides nothing is no matter.
            warnings.simplefilter("ignore")
            reader = shapefile.Reader(
                shp=files[".shp"], shx=files[".shx"], dbf=files[".dbf"],
                encoding=letters, encodingErrors="surrogateescape",
            )  # fmt: skip
        shapes, rows = reader.shx_reader.numShapes, reader.numRecords
        columns = tuple(field.name for field in reader.data_fields)
    except _broken() as error:
        raise Refused(f"It can not be read: {_in_words(error)}.", _AGAIN) from None
    if shapes != rows:
        told = (
            f"The .shp has {shapes:,} shapes and the .dbf {rows:,} rows: they are of two exports."
        )
        raise Refused(told, "Export the layer again and take all of its files.")
    said = (
        parts[".prj"].read_text("utf-8", "replace").strip("\ufeff\x00 \r\n")
        if ".prj" in parts
        else ""
    )
    dbf_text.check_names(columns, letters)
    return Layer(name, columns, said, partial(_records, reader, letters))


def _reader() -> Any:
    """The package that reads shapefiles: an extra that most cities do not need."""
    return import_module("shapefile")


def _broken() -> tuple[type[Exception], ...]:
    """What comes out of reading a file that is not what it says."""
    reader = _reader()
    own: tuple[type[Exception], ...] = (
        reader.ShapefileException, reader.dbfFileException, reader.GeoJSON_Error, reader.RingSamplingError,
    )  # fmt: skip
    return (*_BROKEN, *own, shapely.errors.ShapelyError)


def _check_length(path: Path) -> None:
    """A .shp says how long it is: one that was cut off while it was copied is told at once."""
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or struct.unpack(">i", head[:4])[0] != 9994:
        raise Refused("The .shp is not that of a shapefile.", _AGAIN)
    said = struct.unpack(">i", head[24:28])[0] * 2
    if said > path.stat().st_size:
        told = f"The .shp is cut off: it has {path.stat().st_size:,} bytes of {said:,}."
        raise Refused(told, "Copy it again.")


def _records(reader: Any, letters: str, wanted: Mapping[str, str]) -> Iterator[Record]:
    sizes = {field.name: field.size for field in reader.data_fields}
    names = sorted(set(wanted.values()))
    number = 0
    try:
        offsets, lengths = reader.shx_reader.offsets, reader.shx_reader.shape_lengths_B
        rows = reader.iterRecords(fields=names, deleted_as_None=True)
        for number, row in enumerate(rows, 1):
            if row is None:
                yield Record(number, {}, deleted=True)
                continue
            values = {
                asked: dbf_text.told(row[name], letters, name, sizes[name], number)
                for asked, name in wanted.items()
            }
            raw = reader.shp_reader.shape(number - 1, offsets[number - 1], lengths[number - 1])
            yield Record(number, values, *_shape(raw))
    except Refused:
        raise
    except _broken() as error:
        told = f"Record {number + 1} can not be read: {_in_words(error)}."
        raise Refused(told, _AGAIN, record=number + 1) from None


def _shape(raw: Any) -> tuple[Any, str]:
    """A shape as Shapely has it, None for none; and what is wrong with it."""
    if raw is None or raw.shapeTypeName == "NULL" or not raw.points:
        return None, ""
    if raw.shapeTypeName == "MULTIPATCH":
        return None, "It is a body in space (MultiPatch), not a point, a line or an outline."
    try:
        made = built_of(raw.__geo_interface__)
    except _broken() as error:
        return None, f"Its shape is broken: {_in_words(error)}."
    return shapely.force_2d(made), ""


def _in_words(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:120] or type(error).__name__


def _size(count: int) -> str:
    """A bound of bytes in words."""
    for unit, least in (("GB", 10**9), ("MB", 10**6)):
        if count >= least:
            return f"{count // least} {unit}"
    return f"{count} bytes"
