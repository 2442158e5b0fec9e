"""What a city's map is drawn from, where its own map server (`fetched`) has no tile: the first source that can be read.

1. `DATA/maps/<city>.pmtiles`: vector tiles, as cut from a basemap of OpenStreetMap or made by the city.
2. The streets, waters, parks and limit of the city's own pack; plain ground with the limit where it has none.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import F
from django.db.models.fields.json import KT

from onehall.kernel.geo import Box
from onehall.places.drawing.found import Found
from onehall.places.drawing.scene import Plane, plane_of, scene_of
from onehall.places.drawing.vector import BrokenFile, VectorFile, shapes_of, tiles_of
from onehall.places.drawing.vector import names_of as names_in_tiles
from onehall.places.drawing.view import BUILDINGS_FROM, SPOTS_FROM, named_at
from onehall.places.held import Held
from onehall.places.models import City, Landmark, Street

log = logging.getLogger(__name__)

MOST_GROUNDS: Final = 24
"""Sets of tiles whose shapes or names one process keeps with their trees."""
type _Stamp = tuple[str, int, int]


_lock = threading.Lock()
_files: dict[_Stamp, VectorFile | str] = {}
_grounds: OrderedDict[tuple[str, int, tuple[tuple[int, int], ...]], Plane] = OrderedDict()
_spoken: Final = Held[frozenset[str]](most=64)


def path_of(city: City) -> Path:
    """Where an operator puts a city's vector tiles."""
    return Path(settings.MAPS_DIR) / f"{city.slug}.pmtiles"


def _stamp(city: City) -> _Stamp | None:
    path = path_of(city)
    try:
        facts = path.stat()
    except OSError:
        return None
    return str(path), facts.st_mtime_ns, facts.st_size


def _opened(city: City) -> tuple[_Stamp | None, VectorFile | str]:
    """The file as it is now, or why it can not be used; "" where there is none."""
    stamp = _stamp(city)
    if stamp is None:
        return None, ""
    with _lock:
        if stamp not in _files:
            for other in [known for known in _files if known[0] == stamp[0]]:
                del _files[other]
            _files[stamp] = _open(city)
        return stamp, _files[stamp]


def _open(city: City) -> VectorFile | str:
    try:
        file = VectorFile(path_of(city))
    except (BrokenFile, OSError, ValueError) as no:
        log.warning("event=ground.broken city=%s", city.slug)
        return str(no) or type(no).__name__
    if city.bounds is not None and not file.covers(*city.bounds):
        return "Nothing in it lies in the city."
    return file


def why_not(city: City) -> str:
    """Why the file of vector tiles is passed over; "" when it is used, or there is none."""
    _mark, found = _opened(city)
    return found if isinstance(found, str) else ""


def is_used(city: City) -> bool:
    """Whether the map is drawn from a file of vector tiles."""
    return not isinstance(_opened(city)[1], str)


def version(city: City) -> str:
    """Another text for another ground, so that kept tiles are drawn anew."""
    stamp, found = _opened(city)
    return f"{stamp[1]:x}-{stamp[2]:x}" if stamp and not isinstance(found, str) else "own"


def credit(city: City) -> str:
    """Whom the ground asks to name; "" where the pack says it."""
    found = _opened(city)[1]
    return "" if isinstance(found, str) else found.credit


def language_of(city: City, wanted: str) -> str:
    """The language of the names for a reader: the one wanted where the city speaks it and the ground has names in it."""
    if wanted == city.language or wanted not in city.languages:
        return city.language
    file = _opened(city)[1]
    if not isinstance(file, str):
        return wanted if file.speaks(wanted) else city.language
    known = _spoken.get((city.pk, city.digest), lambda: _spoken_by_pack(city))
    return wanted if wanted in known else city.language


def _spoken_by_pack(city: City) -> frozenset[str]:
    """The city's further languages in which anything of its pack has another name."""
    streets = Street.objects.filter(city=city)
    first = Landmark.objects.filter(city=city).annotate(first=KT(f"name__{city.language}"))
    return frozenset(
        code
        for code in city.languages[1:]
        if streets.filter(names__has_key=code).exists()
        or first.annotate(further=KT(f"name__{code}"))
        .filter(further__isnull=False)
        .exclude(further=F("first"))
        .exists()
    )


def ground_of(city: City, box: Box, zoom: float) -> Plane:
    """What is drawn of a window but for names: `box` is its left, top, right and bottom on the whole map (0 to 1)."""
    kept = (f"shapes{zoom >= BUILDINGS_FROM}", box, zoom)
    found = _read(city, kept, lambda plane, tiles: shapes_of(plane, tiles, zoom))
    return scene_of(city) if found is None else found


def names_of(city: City, box: Box, zoom: float, language: str) -> Plane:
    """The names of a window, in a language that `language_of` allows."""
    kept = (f"names{sorted(named_at(zoom))}{zoom >= SPOTS_FROM}{language}", box, zoom)
    found = _read(city, kept, lambda plane, tiles: names_in_tiles(plane, tiles, zoom, language))
    return scene_of(city).speaking(language) if found is None else found


def _read(
    city: City, what: tuple[str, Box, float], make: Callable[[Plane, list[Found]], Plane]
) -> Plane | None:
    """What `make` makes of the tiles of the file that a window meets, None where there is no file that can be read."""
    stamp, file = _opened(city)
    if stamp is None or isinstance(file, str):
        return None
    kind, box, zoom = what
    level, tiles = tiles_of(file, box, round(zoom))
    key = (f"{stamp}{city.pk}{city.digest}{kind}", level, tuple(tiles))
    with _lock:
        if key in _grounds:
            _grounds.move_to_end(key)
            return _grounds[key]
    try:
        made = make(plane_of(city), [file.tile(level, x, y) for x, y in tiles])
    except BrokenFile as no:
        log.warning("event=ground.broken city=%s", city.slug)
        with _lock:
            _files[stamp] = str(no)
        return None
    with _lock:
        _grounds[key] = made
        while len(_grounds) > MOST_GROUNDS:
            _grounds.popitem(last=False)
    return made


def forget() -> None:
    """Look at the files again."""
    with _lock:
        _files.clear()
        _grounds.clear()
    _spoken.forget()
