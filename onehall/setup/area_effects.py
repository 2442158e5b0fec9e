"""What the areas of a draft would do to the open cases, before it is published: counted in memory, within a time."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from onehall.casework import redistricting
from onehall.kernel.localized import Localized
from onehall.people.models import Membership
from onehall.places.areas import AreaIndex
from onehall.places.models import LIMIT_LAYER, City
from onehall.places.rows import AreaLayer
from onehall.setup import area_mentions, area_moves
from onehall.setup.area_mentions import Mention

MOST_NAMED: Final = 200
"""Ways from one area to another that are named."""


@dataclass(frozen=True, slots=True)
class Way:
    """So many open cases would go from one area of a layer to another; "" is no area."""

    layer: str
    old: str
    new: str
    count: int


@dataclass(slots=True)
class Effect:
    """What was counted: of `total` open cases on the map, `seen` were looked at, and `moved` lie elsewhere."""

    total: int = 0
    seen: int = 0
    moved: int = 0
    ways: list[Way] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    people: int = 0
    """Members of the staff whose work is limited to an area that would be gone."""
    names: dict[str, dict[str, Localized]] = field(default_factory=dict)
    labels: dict[str, Localized] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every case was looked at in the time there was."""
        return self.seen >= self.total

    @property
    def outside(self) -> int:
        """Open cases that would lie outside the city limit."""
        return sum(way.count for way in self.ways if way.layer == LIMIT_LAYER and not way.new)


def effect(
    city: City, layers: Sequence[AreaLayer], texts: Mapping[str, str], *, seconds: float
) -> Effect:
    """What publishing these layers would do. `texts` are the files of the draft, for what its rules name."""
    until = time.monotonic() + seconds
    found = Effect(names=area_moves.names_of(city))
    found.labels = {e["layer"]: e.get("label", {}) for e in city.layers}
    gone = _gone(found.names, layers)
    for layer in layers:
        found.labels[layer.layer] = layer.label
        known = found.names.setdefault(layer.layer, {})
        known |= {row.code: row.name for row in layer.rows}
    found.mentions = area_mentions.of_files(texts, gone)
    found.people = _people(city, gone)
    _count(city, found, layers, until)
    return found


def _gone(
    names: Mapping[str, Mapping[str, Localized]], layers: Sequence[AreaLayer]
) -> set[tuple[str, str]]:
    kept = {(layer.layer, row.code) for layer in layers for row in layer.rows}
    return {(layer, code) for layer, codes in names.items() for code in codes} - kept


def _count(city: City, found: Effect, layers: Sequence[AreaLayer], until: float) -> None:
    rows = [(la.layer, r.code, r.name, r.geometry) for la in layers for r in la.rows]
    index = AreaIndex(rows)
    found.total = redistricting.how_many(city)
    ways: Counter[tuple[str, str, str]] = Counter()
    for batch in redistricting.batches(city):
        changed = redistricting.changes(index, batch)
        found.seen += len(batch)
        found.moved += len(changed)
        for case, areas in changed:
            for layer in {*case.areas, *areas}:
                old, new = case.areas.get(layer, ""), areas.get(layer, "")
                if old != new:
                    ways[layer, old, new] += 1
        if time.monotonic() > until:
            break
    else:
        found.total = found.seen
    ranked = sorted(ways.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    found.ways = [Way(*key, count) for key, count in ranked[:MOST_NAMED]]


def _people(city: City, gone: set[tuple[str, str]]) -> int:
    if not gone:
        return 0
    rows = Membership.objects.filter(city=city, active=True).exclude(areas={})
    return sum(
        1
        for within in rows.order_by("pk").values_list("areas", flat=True)
        if any((layer, code) in gone for layer, codes in within.items() for code in codes)
    )
