"""The file that a city's gazetteer is kept in: built once, by whoever needs it first, and mapped by all."""

import fcntl
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from onehall.places import building, tables
from onehall.places.models import City
from onehall.places.rows import part_of

_log: Final = logging.getLogger(__name__)
_PARTS: Final = frozenset({"streets", "addresses", "landmarks", "assets"})
# What a file says depends on this code too: after an upgrade it is built anew.
_OLDER: Final = 1
_CODE: Final = ("building.py", "names.py", "rules.py", "tables.py")


def columns_for(city: City) -> tables.Columns:
    """A city's columns: from its file, else built and kept. Where nothing can be kept they are built in memory."""
    path = _path(city)
    if path is None:
        return building.columns_of(city.pk)
    found = tables.mapped(path)
    if found is not None:
        return found
    with _alone(path, city.slug):
        # Somebody else may have built it while this process waited.
        found = tables.mapped(path)
        return _build(city, path) if found is None else found


def _build(city: City, path: Path) -> tables.Columns:
    """Build a city's columns and keep them, unless its map was changed meanwhile."""
    columns = building.columns_of(city.pk)
    now = City.objects.filter(pk=city.pk).first()
    if now is None or _path(now) != path:
        return columns
    try:
        tables.put(path, columns)
        _clear(path, city.slug)
    except OSError as error:
        _log.warning("gazetteer not kept city=%s error=%s", city.slug, error)
    return tables.mapped(path) or columns


def _clear(path: Path, slug: str) -> None:
    """Remove the files of older maps but the last: a rehearsal makes one too, and the city goes back."""
    others = [found for found in path.parent.glob(f"{slug}.*.gazetteer") if found != path]
    others.sort(key=lambda found: found.stat().st_mtime)
    for old in others[:-_OLDER]:
        old.unlink(missing_ok=True)


def prepare(city: City) -> None:
    """Have the file ready before anybody asks for a place."""
    path = _path(city)
    if path is None or path.exists():
        return
    with _alone(path, city.slug):
        if tables.mapped(path) is None:
            _build(city, path)


def _path(city: City) -> Path | None:
    """The file of a city as its map is now; None when nothing is kept, or when its rows are of no pack."""
    folder = settings.PLACES_DIR
    parts = {k: v for k, v in city.pack_hashes.items() if part_of(k) in _PARTS}
    if not folder or not parts:
        return None
    said = json.dumps([city.pk, sorted(parts.items()), _code()])
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Path(folder) / f"{city.slug}.{digest}.gazetteer"


@cache
def _code() -> str:
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in _CODE)).hexdigest()


@contextmanager
def _alone(path: Path, slug: str) -> Iterator[None]:
    """Hold the lock of a city's files. Where it cannot be had everybody builds for himself."""
    with ExitStack() as held:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = held.enter_context((path.parent / f"{slug}.lock").open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
