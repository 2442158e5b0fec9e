"""What a pack takes from its city's shapefiles and GeoPackages, as its sources.yaml says. An extra: `onehall[gis]`."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Final

from onehall.kernel.spelling import nearest
from onehall.kernel.yamlfile import Problems
from onehall.places.pack.gis import gpkg, mapping, shp
from onehall.places.pack.gis.crs import ToDegrees
from onehall.places.pack.gis.kept import Kept, layer_of
from onehall.places.pack.gis.layers import Layer, Refused
from onehall.places.pack.gis.mapping import Source
from onehall.places.pack.gis.rows import Inside, Maker, Tally

__all__ = ["Kept", "Source", "is_installed", "layer_of", "mapping", "take"]

_MOST_NAMED: Final = 30


def is_installed() -> bool:
    """Whether GIS files can be read here at all."""
    return all(find_spec(name) is not None for name in ("shapefile", "pyproj"))


def take(
    sources: Iterable[Source],
    kept: Kept,
    languages: Sequence[str],
    inside: Inside,
    problems: Problems,
) -> list[str]:
    """Keep what the sources give that lies inside; every mistake goes to `problems`, and what to know comes back."""
    notes: list[str] = []
    for source in sources:
        kept.begin(source)
        if is_installed():
            notes += _take(source, kept, Maker(source, languages, inside, Tally(source, problems)))
        else:
            told = "The reader of shapefiles and GeoPackages is not installed."
            problems.add(source.file, 1, told, 'Install it: pip install "onehall[gis]".')
    return notes


def _take(source: Source, kept: Kept, maker: Maker) -> list[str]:
    """Read one source to its end, or to what makes it unusable."""
    tally, problems = maker.tally, maker.tally.problems
    before, count, doubt = len(problems), 0, ""
    try:
        with _opened(source) as layer:
            wanted = _wanted(source, layer, problems)
            if wanted is not None:
                turn = ToDegrees(source.crs or layer.crs)
                for number, row in maker.rows(turn.turned(layer.records(wanted))):
                    count += kept.add(number, row, tally)
                doubt = turn.doubt()
    except Refused as no:
        layer_words = f'Layer "{source.layer}": ' if source.layer else ""
        problems.add(source.file, max(no.record, 1), f"{layer_words}{no}", no.advice)
    tally.finish()
    notes = [*tally.notes(), *([doubt] if doubt else [])]
    if not count and len(problems) == before:
        told = f"Nothing in it can be used{'; ' if notes else ''}{'; '.join(notes)}."
        problems.add(
            source.file, 1, told, "Check that it is of this city, and what its columns are."
        )
    return [f"{source.told}: {note}." for note in notes]


def _opened(source: Source) -> AbstractContextManager[Layer]:
    if source.path.suffix.lower() == ".gpkg":
        return gpkg.opened(source.path, source.layer)
    return shp.opened(source.path, source.layer, source.encoding)


def _wanted(source: Source, layer: Layer, problems: Problems) -> dict[str, str] | None:
    """The columns by how sources.yaml writes them, whatever the case; None after one that is missing was told."""
    small = {name.casefold(): name for name in layer.columns}
    known = set(layer.columns)
    wanted: dict[str, str] = {}
    for column, line in source.lines.items():
        name = column if column in known else small.get(column.casefold())
        if name is not None:
            wanted[column] = name
            continue
        guess = nearest(column, layer.columns)
        listed = ", ".join(layer.columns[:_MOST_NAMED])
        advice = f'Did you mean "{guess}"?' if guess else f"It has: {listed}."
        problems.add(mapping.FILE, line, f'{source.told} has no column "{column}".', advice)
    return wanted if len(wanted) == len(source.lines) else None
