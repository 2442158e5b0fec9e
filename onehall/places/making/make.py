"""A basemap from an extract, written whole or not at all."""

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, Final, cast

import shapely
from pmtiles.tile import Compression, TileType
from pmtiles.writer import Writer

from onehall.kernel.geo import Box, mercator, unmercator
from onehall.places.making import features
from onehall.places.making.cutting import Heap, cut
from onehall.places.making.features import DEEPEST, LAYERS, Feature
from onehall.places.making.packing import tile
from onehall.places.making.sea import sea
from onehall.places.models import City
from onehall.places.pack import osm

MOST_BYTES: Final = 300_000_000
"""Of an extract: its reader holds where each of its points lies."""
MOST_TILES: Final = 60_000
"""Of the deepest zoom."""
_BATCH: Final = 5_000
_AROUND: Final = 0.25
"""The map is drawn so far beyond the city, in lengths of its longer side."""

type Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much, 0 where that is not known."""


class NotMade(ValueError):
    """The map was not made; the text says why, `advice` what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Made:
    """What came out."""

    features: int
    tiles: int
    size: int


def make(extract: Path, city: City, target: Path, told: Told) -> Made:
    """Write the basemap of a city to `target`. Raises `NotMade`, after which what was there before is still there."""
    box = _box(extract, city)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{city.slug}-") as folder:
        heap = Heap(Path(folder) / "pieces")
        try:
            keys = _Keys()
            try:
                count = _gather(extract, city, box, heap, keys, told)
            except osm.Unreadable as error:
                raise NotMade(
                    f"This is not an OpenStreetMap extract: {error}.",
                    "Fetch it again, as .osm.pbf.",
                ) from error
            if not count:
                raise NotMade(
                    "Nothing in this extract lies in the city.", "Check that it is of this city."
                )
            part = Path(folder) / "map"
            tiles = _write(part, heap, box, keys.described(city), told)
        except sqlite3.Error as error:
            advice = f"There may be no room left in {target.parent}."
            raise NotMade(f"The map was not written: {error}.", advice) from error
        finally:
            heap.close()
        part.replace(target)
    return Made(count, tiles, target.stat().st_size)


def _box(extract: Path, city: City) -> Box:
    """The part of the whole map that is drawn: the city with its surroundings, as far as the extract goes."""
    if not osm.is_installed():
        raise NotMade(
            "The reader of OpenStreetMap extracts is not installed.",
            'Install it: pip install "onehall[osm]".',
        )
    if city.bounds is None:
        raise NotMade(
            f"Where {city.name} lies is not known.",
            "Give it a city limit: areas/00-city-limit.geojson.",
        )
    try:
        size = extract.stat().st_size
        if size > MOST_BYTES:
            advice = "Cut it to the city: osmium extract --bbox=W,S,E,N FILE -o CITY.osm.pbf."
            raise NotMade(f"The extract is larger than {MOST_BYTES // 1_000_000} MB.", advice)
        known = osm.box_of(extract)
    except (OSError, osm.Unreadable) as error:
        raise NotMade(
            f"This is not an OpenStreetMap extract: {error}.", "Fetch it again, as .osm.pbf."
        ) from error
    left, top, right, bottom = _on_map(city.bounds)
    edge = max(right - left, bottom - top) * _AROUND
    box = (left - edge, top - edge, right + edge, bottom + edge)
    if known is not None:
        other = _on_map(known)
        box = (
            max(box[0], other[0]),
            max(box[1], other[1]),
            min(box[2], other[2]),
            min(box[3], other[3]),
        )
    if box[0] >= box[2] or box[1] >= box[3]:
        raise NotMade("Nothing in this extract lies in the city.", "Check that it is of this city.")
    if (box[2] - box[0]) * (box[3] - box[1]) * 4**DEEPEST > MOST_TILES:
        raise NotMade(f"{city.name} is too large for one map.", "Check its city limit.")
    return box


def _on_map(degrees: Box) -> Box:
    west, south, east, north = degrees
    return (*mercator(west, north), *mercator(east, south))


def _gather(extract: Path, city: City, box: Box, heap: Heap, keys: "_Keys", told: Told) -> int:
    """Cut everything of the extract into tiles; how many features there were."""
    window = shapely.box(*box)
    shapely.prepare(window)
    count = 0
    told("The coast", 0, 0)
    water = [
        Feature("water", {"kind": "water"}, shape, 0) for shape in sea(features.coast(extract), box)
    ]
    cut(water, box, heap)
    for some in batched(features.features(extract, city.languages), _BATCH):
        there = [feature for feature in some if window.intersects(feature.shape)]
        keys.see(there)
        cut(there, box, heap)
        count += len(there)
        told("What is drawn", count, 0)
    keys.see(water)
    return count


class _Keys:
    """What is said of the features of each layer, and at which zooms they are."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, str]] = {}
        self._zooms: dict[str, int] = {}

    def see(self, some: list[Feature]) -> None:
        for feature in some:
            layer = self._keys.setdefault(feature.layer, {})
            layer |= {
                key: "Number" if isinstance(v, int) else "String"
                for key, v in feature.facts.items()
            }
            self._zooms[feature.layer] = min(feature.zoom, self._zooms.get(feature.layer, DEEPEST))

    def described(self, city: City) -> dict[str, Any]:
        """The file's description of itself."""
        layers = [
            {
                "id": name,
                "fields": dict(sorted(self._keys[name].items())),
                "minzoom": self._zooms[name],
                "maxzoom": DEEPEST,
            }
            for name in LAYERS
            if name in self._keys
        ]
        return {
            "name": city.name,
            "type": "baselayer",
            "attribution": osm.CREDIT,
            "vector_layers": layers,
        }


def _write(path: Path, heap: Heap, box: Box, description: dict[str, Any], told: Told) -> int:
    count = heap.count()
    west, north = unmercator(box[0], box[1])
    east, south = unmercator(box[2], box[3])
    with path.open("wb") as stream:
        # The library has no types.
        writer = cast(Any, Writer)(stream)
        for number, (where, pieces) in enumerate(heap.tiles(), start=1):
            writer.write_tile(where, tile(pieces))
            told("Tiles", number, count)
        writer.finalize(
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": round(west * 1e7),
                "min_lat_e7": round(south * 1e7),
                "max_lon_e7": round(east * 1e7),
                "max_lat_e7": round(north * 1e7),
                "center_zoom": 12,
                "center_lon_e7": round((west + east) / 2 * 1e7),
                "center_lat_e7": round((south + north) / 2 * 1e7),
            },
            description,
        )
    return count
