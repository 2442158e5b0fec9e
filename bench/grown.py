"""A made-up city of any size: the made-up town laid out again and again, side by side, with other street names."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from onehall.places.rows import AddressRow, LandmarkRow, PlacesPack, StreetRow

_ACROSS = 8
_PARTS = (
    "al", "an", "bar", "bel", "ben", "bir", "brin", "cal", "car", "cor", "dal", "den", "dor", "el",
    "fair", "fen", "gar", "glen", "hal", "har", "hol", "ker", "lan", "lin", "mar", "mel", "mor",
    "nor", "or", "pen", "ral", "ros", "sal", "san", "sel", "tal", "ten", "tor", "ver", "wal",
)  # fmt: skip
_ENDS = (
    "by", "combe", "dale", "den", "field", "ford", "ham", "land", "ley", "more", "ridge", "stead",
    "ston", "ton", "view", "wick", "wood", "worth",
)  # fmt: skip


def multiplied(pack: PlacesPack, addresses: int, slug: str) -> PlacesPack:
    """The pack with `addresses` addresses, the same on every run. Every copy has streets of its own."""
    width, height = _size(pack)
    names = _names()
    streets: list[StreetRow] = []
    houses: list[AddressRow] = []
    marks: list[LandmarkRow] = []
    for copy in count():
        if len(houses) >= addresses:
            break
        east, south = copy % _ACROSS * width, copy // _ACROSS * height
        renamed = _renamed(names if copy else None)
        streets += [_street(row, renamed, east, south) for row in pack.streets]
        houses += [
            replace(row, street=renamed(row.street), lon=row.lon + east, lat=row.lat - south)
            for row in pack.addresses
        ]
        marks += [
            replace(
                row,
                key=f"{row.key}-{copy}" if row.key else "",
                name={language: renamed(words) for language, words in row.name.items()},
                lon=row.lon + east,
                lat=row.lat - south,
                geometry=None,
            )
            for row in pack.landmarks
            if row.key or row.name
        ]
    city = replace(pack.city, slug=slug, name="Grown", hosts=[], map={})
    return PlacesPack(
        city=city, streets=streets, addresses=houses[:addresses], landmarks=_keyed(marks)
    )


def _size(pack: PlacesPack) -> tuple[float, float]:
    """Degrees from one copy to the next: a little more than the town is wide and high."""
    points = [point for row in pack.streets for line in row.lines for point in line]
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return (max(lons) - min(lons)) * 1.02, (max(lats) - min(lats)) * 1.02


def _names() -> Iterator[str]:
    """Words that no street has yet, without end."""
    dice = random.Random(11)
    seen: set[str] = set()
    while True:
        word = "".join(dice.choice(_PARTS) for _ in range(dice.choice((1, 2, 2, 3))))
        word = (word + dice.choice(_ENDS)).capitalize()
        if word not in seen:
            seen.add(word)
            yield word


def _renamed(names: Iterator[str] | None) -> Callable[[str], str]:
    """How names are said in one copy: another first word, the same kind of street."""
    if names is None:
        return lambda name: name
    told: dict[str, str] = {}

    def renamed(name: str) -> str:
        if name not in told:
            told[name] = " ".join([next(names), *name.split()[1:]]) if name else ""
        return told[name]

    return renamed


def _street(row: StreetRow, renamed: Callable[[str], str], east: float, south: float) -> StreetRow:
    lines = [[[lon + east, lat - south] for lon, lat in line] for line in row.lines]
    return replace(row, name=renamed(row.name), lines=lines)


def _keyed(marks: list[LandmarkRow]) -> list[LandmarkRow]:
    """Shapes become points here, and a point needs a key."""
    return [row if row.key else replace(row, key=f"place-{n}") for n, row in enumerate(marks)]
