"""Addresses from a file of OpenAddresses: the columns LON, LAT, NUMBER, STREET, UNIT among others."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from onehall.kernel import geo
from onehall.kernel.yamlfile import Problems
from onehall.places.pack.osm import Inside
from onehall.places.rows import AddressRow
from onehall.places.rules import DIRECTIONS, street_norm

OPENADDRESSES: Final = "openaddresses.csv"
_NEEDED: Final = ("lon", "lat", "number", "street")
_MOST_NUMBER: Final = 20
_MOST_UNIT: Final = 40
_MOST_STREET: Final = 120
_MOST_ALIKE: Final = 20


def read(path: Path, inside: Inside, problems: Problems) -> list[AddressRow]:
    """The addresses that lie inside, each once; rows without a number or a street are none."""
    file = path.name
    found = Problems()
    rows: dict[AddressRow, None] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in _rows(stream, file, found):
                if inside(row.lon, row.lat):
                    rows[row] = None
    except UnicodeDecodeError:
        found.add(file, 1, "This is not UTF-8 text.", "Save the file as UTF-8.")
    except (csv.Error, OSError) as error:
        found.add(file, 1, f"The file cannot be read: {error}.", "Fetch it again.")
    problems.extend(found[:_MOST_ALIKE])
    if len(found) > _MOST_ALIKE:
        more = f"{len(found) - _MOST_ALIKE} more lines have mistakes."
        problems.add(file, found[_MOST_ALIKE].line, more, "Fetch the file again.")
    return list(rows)


def _rows(stream: TextIO, file: str, problems: Problems) -> Iterator[AddressRow]:
    reader = csv.reader(stream, strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        told = ", ".join(name.upper() for name in missing)
        advice = "OpenAddresses files have the columns LON, LAT, NUMBER, STREET and UNIT."
        problems.add(file, 1, f"There is no column {told}.", advice)
        return
    at = {name: names.index(name) for name in names}
    for record in reader:
        if len(record) < len(names):
            problems.add(file, reader.line_num, "The line is not whole.", "Fetch the file again.")
            continue
        values = {name: record[position].strip() for name, position in at.items()}
        row = _row(values, reader.line_num, file, problems)
        if row:
            yield row


def _row(values: dict[str, str], line: int, file: str, problems: Problems) -> AddressRow | None:
    number, street, unit = values["number"], shown(values["street"]), values.get("unit", "")
    if number in ("", "0") or not street_norm(street):
        return None
    if len(number) > _MOST_NUMBER or len(street) > _MOST_STREET or len(unit) > _MOST_UNIT:
        return None
    try:
        lon, lat = float(values["lon"]), float(values["lat"])
    except ValueError:
        lon, lat = 999.0, 999.0
    if not geo.is_on_earth(lon, lat):
        told = f'"{values["lon"]}, {values["lat"]}" is not a point.'
        problems.add(file, line, told, "LON and LAT are degrees.")
        return None
    return AddressRow(number, street, unit, lon, lat)


def shown(street: str) -> str:
    """A street as people write it: many sources write "N MAIN ST" and "4TH AVE"."""
    street = re.sub(r"\s+", " ", street).strip()
    if street != street.upper():
        return street
    return " ".join(_word(word) for word in street.split())


def _word(word: str) -> str:
    if word.lower() in DIRECTIONS:
        return word
    return word.lower() if word[:1].isdigit() else word.capitalize()
