"""From the records of a GIS file to the rows of a pack; what can not be a row is told or counted."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import shapely

from onehall.kernel.localized import Localized
from onehall.kernel.yamlfile import Problems
from onehall.places import geometry
from onehall.places.pack.foreign import shape_of
from onehall.places.pack.gis.layers import Record
from onehall.places.pack.gis.mapping import Source, text_of
from onehall.places.pack.openaddresses import shown
from onehall.places.rows import (
    DRAWN_KINDS,
    NUMBER_FIELDS,
    STREET_KINDS,
    AddressRow,
    AreaRow,
    AssetRow,
    LandmarkRow,
    StreetRow,
)
from onehall.places.rules import street_norm

type Inside = Callable[[float, float], bool]
type Row = StreetRow | AddressRow | LandmarkRow | AssetRow | AreaRow

_MOST_TOLD: Final = 20
_MOST: Final = {"number": 20, "unit": 40, "code": 60, "key": 60, "kind": 40}
_MOST_NAME: Final = 120
_KEY: Final = re.compile(r"^[a-z][a-z0-9_-]{0,59}$")
_KINDS: Final = {
    "streets": geometry.LINES,
    "addresses": (*geometry.POINTS, *geometry.POLYGONS),
    "places": (*geometry.POINTS, *geometry.POLYGONS),
    "assets": geometry.POINTS,
    "areas": geometry.POLYGONS,
}


@dataclass
class Tally:
    """What a source did not give: mistakes, each told with its record, and what was left out, counted."""

    source: Source
    problems: Problems
    left_out: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    unclear: int = 0
    refused: int = 0
    _next: int = 0

    def refuse(self, record: int, message: str, advice: str) -> None:
        """A mistake that somebody must put right; after twenty they are only counted."""
        self.refused += 1
        if self.refused <= _MOST_TOLD:
            layer = f'Layer "{self.source.layer}", record' if self.source.layer else "Record"
            self.problems.add(self.source.file, record, f"{layer} {record}: {message}", advice)
        self._next = self._next or (record if self.refused > _MOST_TOLD else 0)

    def finish(self) -> None:
        """Tell how many mistakes were not told one by one."""
        if self.refused > _MOST_TOLD:
            more = f"{self.refused - _MOST_TOLD} more records have mistakes."
            self.problems.add(self.source.file, self._next, more, "Mend those listed first.")

    def notes(self) -> Iterator[str]:
        """What somebody should know who finds something missing, as ends of a sentence."""
        if self.left_out:
            counts = ", ".join(f"{count:,} {why}" for why, count in self.left_out.items())
            yield f"left out: {counts}"
        if self.mended:
            yield f"mended: {self.mended:,} outlines that cross themselves"
        if self.unclear:
            yield f"house numbers passed over, since they are no pair of whole numbers: {self.unclear:,}"


class Maker:
    """Makes the rows of one source out of its records."""

    def __init__(
        self, source: Source, languages: Sequence[str], inside: Inside, tally: Tally
    ) -> None:
        self._source = source
        self._languages = languages
        self._inside = inside
        self.tally = tally
        self._make = getattr(self, f"_{source.gives}")

    def rows(self, records: Iterator[Record]) -> Iterator[tuple[int, Row]]:
        """The rows with the numbers of their records, as they come."""
        for record in records:
            why = self._why_not(record)
            if why:
                self.tally.left_out[why] += 1
                continue
            shape = self._sound(record)
            if shape is None:
                continue
            row = self._make(record, shape)
            if isinstance(row, str):
                self.tally.left_out[row] += 1
            elif row is not None:
                yield record.number, row

    def _why_not(self, record: Record) -> str:
        if record.deleted:
            return "deleted"
        for column, wanted in self._source.only.items():
            if text_of(record.values.get(column), frozenset()).casefold() not in wanted:
                return 'not asked for ("only")'
        return "" if record.shape is not None or record.fault else "without a shape"

    def _sound(self, record: Record) -> dict[str, Any] | None:
        """The shape as checked GeoJSON, of a kind that fits; None after a mistake was told."""
        if record.fault:
            self.tally.refuse(record.number, record.fault, "Draw it again, or delete it.")
            return None
        made: Any = record.shape
        if made.geom_type == "MultiPoint" and len(made.geoms) == 1:
            made = made.geoms[0]
        shape = None
        if made.geom_type in geometry.POLYGONS and not made.is_valid:
            shape = shape_of(shapely.make_valid(made))
            self.tally.mended += shape is not None
        shape = shape or _as_lists(made)
        for fault in geometry.faults_of(shape, kinds=_KINDS[self._source.gives]):
            self.tally.refuse(record.number, fault.message, fault.advice)
            return None
        return shape

    # What each kind of source gives: a row, why it is left out, or None after a mistake was told

    def _streets(self, record: Record, shape: dict[str, Any]) -> StreetRow | str | None:
        lines = geometry.lines_of(shape)
        if not any(self._inside(x, y) for line in lines for x, y in line):
            return "outside of the city"
        kind = self._said("kind", record) or "street"
        if kind not in STREET_KINDS:
            advice = f'Say with "map" under "kind" which of these it is: {", ".join(STREET_KINDS)}.'
            self.tally.refuse(record.number, f'The kind "{kind}" is not known.', advice)
            return None
        name = shown(self._said("name", record))
        if len(name) > _MOST_NAME:
            return f"with a name of more than {_MOST_NAME} letters"
        return StreetRow(name, kind, lines, self._numbers(record), self._aliases(record, name))

    def _numbers(self, record: Record) -> dict[str, int]:
        """The ranges of both sides; 0 to 0 is how many files say that there is none."""
        found: dict[str, int] = {}
        for first, last in (NUMBER_FIELDS[:2], NUMBER_FIELDS[2:]):
            said = self._said(first, record), self._said(last, record)
            if all(text in ("", "0") for text in said):
                continue
            if all(text.isdecimal() and len(text) <= 7 for text in said):
                found |= {first: int(said[0]), last: int(said[1])}
            else:
                self.tally.unclear += 1
        return found

    def _addresses(self, record: Record, shape: dict[str, Any]) -> AddressRow | str:
        lon, lat = self._point(shape)
        if not self._inside(lon, lat):
            return "outside of the city"
        number, unit = self._said("number", record), self._said("unit", record)
        street = shown(self._said("street", record))
        if number in ("", "0") or not street_norm(street):
            return "without a number or a street"
        if len(number) > _MOST["number"] or len(unit) > _MOST["unit"] or len(street) > _MOST_NAME:
            return "with a value that is too long"
        return AddressRow(number, street, unit, lon, lat)

    def _places(self, record: Record, shape: dict[str, Any]) -> LandmarkRow | str | None:
        point = shape["type"] == "Point"
        lon, lat = self._point(shape)
        if not self._inside(lon, lat):
            return "outside of the city"
        names, kind = self._names(record), self._said("kind", record)
        if not kind or (point and not names):
            return "without a name or a kind"
        key = re.sub(r"[^a-z0-9_-]+", "-", self._said("key", record).lower()).strip("-")
        if not _KEY.match(key):
            advice = 'It must begin with a letter: write it like "library-{ID}".'
            self.tally.refuse(record.number, f'The key "{key}" is not well formed.', advice)
            return None
        if not point and kind not in DRAWN_KINDS:
            advice = f"Use one of: {', '.join(DRAWN_KINDS)}."
            self.tally.refuse(record.number, f'A shape of kind "{kind}" is not drawn.', advice)
            return None
        aliases = self._aliases(record, *names.values())
        return LandmarkRow(key, names, kind[:40], aliases, lon, lat, None if point else shape)

    def _assets(self, record: Record, shape: dict[str, Any]) -> AssetRow | str:
        lon, lat = self._point(shape)
        code = self._said("code", record)
        if not self._inside(lon, lat):
            return "outside of the city"
        if not code or len(code) > _MOST["code"]:
            return "without a code, or with one that is too long"
        facts = {
            name: _fact(record.values.get(column)) for name, column in self._source.facts.items()
        }
        kept = {
            name: value
            for name, value in facts.items()
            if (value is not None and text_of(value, self._source.blank)) or isinstance(value, bool)
        }
        return AssetRow(code, self._names(record), lon, lat, kept)

    def _areas(self, record: Record, shape: dict[str, Any]) -> AreaRow | str:
        code, names, sort = (
            self._said("code", record),
            self._names(record),
            self._said("sort", record),
        )
        if not code or not names or len(code) > _MOST["code"]:
            return "without a code or a name"
        return AreaRow(code, names, shape, int(sort) if re.fullmatch(r"-?\d{1,7}", sort) else 0)

    # Parts of a record

    def _said(self, name: str, record: Record) -> str:
        take = self._source.takes.get(name)
        return take.said(record.values, self._source.blank) if take else ""

    def _names(self, record: Record) -> Localized:
        """The names by language; {} without one in the city's first language."""
        found = {
            language: take.said(record.values, self._source.blank)[:_MOST_NAME]
            for language, take in self._source.words.items()
        }
        kept = {language: name for language, name in found.items() if name}
        return kept if self._languages[0] in kept else {}

    def _aliases(self, record: Record, *names: str) -> list[str]:
        seen = {street_norm(name) for name in names} | {""}
        kept = []
        for take in self._source.aliases:
            other = shown(take.said(record.values, self._source.blank))
            if street_norm(other) not in seen and len(other) <= _MOST_NAME:
                seen.add(street_norm(other))
                kept.append(other)
        return kept

    def _point(self, shape: dict[str, Any]) -> tuple[float, float]:
        if shape["type"] == "Point":
            return shape["coordinates"][0], shape["coordinates"][1]
        return geometry.inner_point(shape)


def _as_lists(made: Any) -> dict[str, Any]:
    if made.geom_type == "GeometryCollection":
        return {"type": "GeometryCollection"}
    return geometry.as_lists(made)


def _fact(value: Any) -> Any:
    """A value of a column as JSON has it; days and times as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value == int(value) else value
    if isinstance(value, str):
        return " ".join(value.split())
    return value if isinstance(value, (bool, int)) else None
