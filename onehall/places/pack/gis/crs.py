"""Coordinates in any reference system that a file names, turned into degrees (WGS84)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import numpy as np
import shapely

from onehall.places.pack.gis.layers import Record, Refused

_DIGITS: Final = 7
_AT_ONCE: Final = 1_000
_MOST_CORNERS: Final = 50_000
_NO_DEGREES: Final = 1_000.0
"""From here on a number is no angle, in whatever way longitudes are counted."""
_ROUGH: Final = 5.0
"""Metres from which on a house may come to lie on the other side of the street."""
_CODE: Final = re.compile(r"[A-Za-z]+:\d+")
_TO_DO: Final = (
    'Write the right one under "crs:", like "EPSG:2229", or save the layer again in EPSG:4326.'
)


class ToDegrees:
    """From one reference system, as WKT or as "EPSG:2229", to longitude and latitude; `Refused` where it is none."""

    def __init__(self, said: str) -> None:
        # An extra that most cities do not need, and that takes a moment to load.
        pyproj = import_module("pyproj")
        if not said:
            lacks = "It does not say in which reference system its coordinates are."
            raise Refused(lacks, f"A shapefile says it in its .prj. {_TO_DO}")
        try:
            code = _CODE.fullmatch(said) is not None
            system = pyproj.CRS.from_user_input(said) if code else pyproj.CRS.from_wkt(said)
            self.name = str(system.name)
            self._turn = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
        except pyproj.exceptions.ProjError:
            shown = " ".join(said.split())[:60]
            told = f'The reference system "{shown}" is not known, or is none of the Earth.'
            raise Refused(told, _TO_DO) from None

    def turned(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their shapes in degrees, flat, in seven digits; those that can not be have a fault."""
        for some in _together(records):
            shapes = shapely.transform([record.shape for record in some], self._degrees)
            for record, shape in zip(some, shapes, strict=True):
                if shape is None:
                    yield record
                elif np.isfinite(shapely.get_coordinates(shape)).all():
                    yield replace(record, shape=shape)
                else:
                    fault = f"A coordinate lies outside of what {self.name} can say."
                    yield replace(record, shape=None, fault=fault)

    def doubt(self) -> str:
        """What is known of how rough the turning was, once something was turned; "" where it is good."""
        try:
            used = self._turn.get_last_used_operation()
        except RuntimeError:
            return ""
        advice = "Save the layer again in EPSG:4326 if that is too much"
        if used.accuracy > _ROUGH:
            return f"turned from {self.name}, right to about {used.accuracy:g} m. {advice}"
        if "ballpark" in str(used.description).lower():
            return f"turned from {self.name} without a known shift, may be off by 100 m. {advice}"
        return ""

    def _degrees(self, points: Any) -> Any:
        lon, lat = self._turn.transform(points[:, 0], points[:, 1])
        degrees = np.column_stack([lon, lat])
        # A file in degrees may hold any number at all, also one that overflows when it is rounded.
        return np.round(np.where(np.abs(degrees) < _NO_DEGREES, degrees, np.inf), _DIGITS)


def _together(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in lists that are long enough to be quick and short enough to be small."""
    some: list[Record] = []
    corners = 0
    for record in records:
        some.append(record)
        corners += 0 if record.shape is None else int(shapely.get_num_coordinates(record.shape))
        if len(some) >= _AT_ONCE or corners >= _MOST_CORNERS:
            yield some
            some, corners = [], 0
    if some:
        yield some
