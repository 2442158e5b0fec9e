"""What a city pack says about places, as plain data: the same whether read from files or from the database."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from onehall.kernel.localized import Localized
from onehall.kernel.yamlfile import Plain

DRAWN_KINDS: Final = ("water", "park", "building", "block", "beach", "pier")
STREET_KINDS: Final = ("main", "street", "lane", "path")
NUMBER_FIELDS: Final = ("left_from", "left_to", "right_from", "right_to")

_LATER: Final = frozenset({"aliases", "names"})

type Geometry = dict[str, Any]


@dataclass(frozen=True)
class CityFacts:
    """city.yaml, checked. Documents keep their form; localized words are maps."""

    slug: str
    name: str
    time_zone: str
    languages: list[str]
    hosts: list[str] = field(default_factory=list)
    contact: dict[str, Plain] = field(default_factory=dict)
    emergency: dict[str, Plain] = field(default_factory=dict)
    outside: dict[str, Plain] = field(default_factory=dict)
    brand: dict[str, Plain] = field(default_factory=dict)
    numbering: dict[str, Plain] = field(default_factory=dict)
    map: dict[str, Plain] = field(default_factory=dict)
    publishing: dict[str, Plain] = field(default_factory=dict)
    retention: dict[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True)
class AreaRow:
    """One feature of areas/*.geojson."""

    code: str
    name: Localized
    geometry: Geometry
    sort: int = 0


@dataclass(frozen=True)
class AreaLayer:
    """One file of areas/: `stem` is the file name with its order prefix, `layer` without."""

    stem: str
    layer: str
    rows: list[AreaRow]
    label: Localized = field(default_factory=dict)
    public: bool = True


@dataclass(frozen=True)
class StreetRow:
    """One feature of streets.geojson; `lines` are lists of [lon, lat], `names` what it is called in further languages."""

    name: str
    kind: str
    lines: list[list[list[float]]]
    numbers: dict[str, int] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    names: Localized = field(default_factory=dict)


@dataclass(frozen=True)
class AddressRow:
    """One line of addresses.csv."""

    number: str
    street: str
    unit: str
    lon: float
    lat: float


@dataclass(frozen=True)
class LandmarkRow:
    """One feature of places.geojson; a point has no `geometry`."""

    key: str
    name: Localized
    kind: str
    aliases: list[str]
    lon: float
    lat: float
    geometry: Geometry | None = None


@dataclass(frozen=True)
class AssetRow:
    """One feature of assets/<kind>.geojson."""

    code: str
    name: Localized
    lon: float
    lat: float
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlacesPack:
    """Everything the places room takes from a city pack."""

    city: CityFacts
    calendar: dict[str, Plain] = field(default_factory=dict)
    areas: list[AreaLayer] = field(default_factory=list)
    streets: list[StreetRow] = field(default_factory=list)
    addresses: list[AddressRow] = field(default_factory=list)
    landmarks: list[LandmarkRow] = field(default_factory=list)
    assets: dict[str, list[AssetRow]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list, compare=False)
    """What somebody should know who made the files: what was left out, and why."""
    files: dict[str, str] = field(default_factory=dict, compare=False)
    """The file that a part such as "areas/10-district" is from, where it is not the pack's own."""

    @property
    def owners(self) -> frozenset[str]:
        """Who looks after the assets, as their fact `owner` says."""
        found = (row.facts.get("owner") for rows in self.assets.values() for row in rows)
        return frozenset(owner for owner in found if isinstance(owner, str) and owner)

    def hashes(self) -> dict[str, str]:
        """Part name to the SHA-256 of its data: equal for files that say the same in another layout."""
        # A field that came later and is not used leaves the hash as it was.
        later = ("publishing", "retention")
        city = {k: v for k, v in asdict(self.city).items() if v or k not in later}
        streets = _plain(self.streets)
        parts: dict[str, Any] = {
            "city": city,
            "calendar": self.calendar,
            "streets": [{k: v for k, v in row.items() if v or k not in _LATER} for row in streets],
            "addresses": _plain(self.addresses),
            "landmarks": _plain(self.landmarks),
        }
        parts |= {f"areas/{layer.stem}": asdict(layer) for layer in self.areas}
        parts |= {f"assets/{kind}": _plain(rows) for kind, rows in self.assets.items()}
        return {name: _hash(part) for name, part in parts.items() if part}


def part_of(name: str) -> str:
    """Which part of the pack a hashed name belongs to: "areas" for "areas/10-district"."""
    return name.partition("/")[0]


SMALL_PARTS: Final = frozenset({"city", "calendar", "areas"})
"""Parts that are changed in the console too; the others come with a folder."""


@dataclass(frozen=True)
class Change:
    """One thing that applying a pack would do. `what` is the kind of thing, `detail` says how."""

    kind: Literal["add", "change", "remove"]
    what: str
    name: str
    detail: str = ""


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(vars(row)) for row in rows]


def _hash(part: Any) -> str:
    text = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
