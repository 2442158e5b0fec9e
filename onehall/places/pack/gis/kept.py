"""The rows that the sources of a pack give, each where it belongs, with what may be there only once."""

from dataclasses import dataclass, field
from typing import Final

from onehall.places import geometry
from onehall.places.pack import foreign
from onehall.places.pack.gis.layers import Refused
from onehall.places.pack.gis.mapping import Source
from onehall.places.pack.gis.rows import Row, Tally
from onehall.places.rows import (
    AddressRow,
    AreaLayer,
    AreaRow,
    AssetRow,
    LandmarkRow,
    StreetRow,
)

_SIMPLIFY: Final = (
    "Simplify the outlines, for example in QGIS with Vector > Geometry tools > Simplify."
)


@dataclass
class _Area:
    """An area whose parts may be several records."""

    first: AreaRow
    shapes: list[dict[str, object]] = field(default_factory=list)


@dataclass
class Kept:
    """What was given so far."""

    streets: list[StreetRow] = field(default_factory=list)
    addresses: dict[AddressRow, None] = field(default_factory=dict)
    landmarks: dict[str, LandmarkRow] = field(default_factory=dict)
    assets: dict[str, dict[str, AssetRow]] = field(default_factory=dict)
    _areas: dict[str, dict[str, _Area]] = field(default_factory=dict)
    _layers: dict[str, AreaLayer] = field(default_factory=dict)
    _corners: dict[str, int] = field(default_factory=dict)

    def begin(self, source: Source) -> None:
        """Make room for what a source gives, even if it gives nothing."""
        if source.gives == "assets":
            self.assets.setdefault(source.stem, {})
        elif source.gives == "areas":
            layer = AreaLayer(source.stem, layer_of(source), [], source.label, source.public)
            self._layers.setdefault(source.stem, layer)
            self._areas.setdefault(source.stem, {})

    def add(self, number: int, row: Row, tally: Tally) -> bool:
        """Keep a row, unless it is there already; whether it was kept."""
        match row:
            case StreetRow():
                self.streets.append(row)
                return True
            case AddressRow():
                return self._add_address(row, tally)
            case LandmarkRow():
                return _once(self.landmarks, row.key, row, number, tally)
            case AssetRow():
                return _once(self.assets[tally.source.stem], row.code, row, number, tally)
            case AreaRow():
                return self._add_area(row, tally.source.stem)

    def layers(self) -> list[AreaLayer]:
        """The layers of areas, the parts of each area joined."""
        for stem, layer in self._layers.items():
            for area in self._areas[stem].values():
                shape = area.shapes[0] if len(area.shapes) == 1 else foreign.joined(area.shapes)
                row = area.first
                layer.rows.append(AreaRow(row.code, row.name, shape or row.geometry, row.sort))
            layer.rows.sort(key=lambda row: row.sort)
        return list(self._layers.values())

    def _add_address(self, row: AddressRow, tally: Tally) -> bool:
        if row in self.addresses:
            tally.left_out["that are there twice"] += 1
            return False
        self.addresses[row] = None
        return True

    def _add_area(self, row: AreaRow, stem: str) -> bool:
        areas = self._areas[stem]
        areas.setdefault(row.code, _Area(row)).shapes.append(row.geometry)
        corners = sum(1 for _ in geometry.positions(row.geometry["coordinates"]))
        self._corners[stem] = self._corners.get(stem, 0) + corners
        if len(areas) > foreign.MOST_FEATURES:
            told = f"It has more than {foreign.MOST_FEATURES:,} areas."
            raise Refused(told, 'Leave some out with "only:", or take another layer.')
        if self._corners[stem] > foreign.MOST_CORNERS:
            raise Refused(
                f"Its outlines have more than {foreign.MOST_CORNERS:,} corners.", _SIMPLIFY
            )
        return True


def layer_of(source: Source) -> str:
    """The name of the layer of areas that a source gives: "district" for "10-district"."""
    return source.stem.lstrip("0123456789").lstrip("-_").replace("-", "_")


def _once[R](rows: dict[str, R], key: str, row: R, number: int, tally: Tally) -> bool:
    if key in rows:
        advice = 'Give each its own, or put columns together: "{BLOCK}-{ID}".'
        tally.refuse(number, f'"{key}" is there twice.', advice)
        return False
    rows[key] = row
    return True
