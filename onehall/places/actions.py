"""Every write of this room: a city and its map, from a pack."""

import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from onehall.kernel import geo
from onehall.kernel.cells import cell_of
from onehall.places import corners, geometry, rules
from onehall.places.models import Address, Area, Asset, City, Corner, Landmark, Street
from onehall.places.rows import AreaLayer, AssetRow, PlacesPack, part_of

type Values = Sequence[Any]
type Rows = type[Area | Street | Address | Landmark | Asset | Corner]


@transaction.atomic
def apply_pack(
    *, pack: PlacesPack, by: str, now: datetime, parts: frozenset[str] | None = None
) -> City:
    """Make a city what its pack says. Parts that did not change are left alone; no change keeps the revision.

    `parts` names those that the pack was read with, None for all; what is not of them stays.
    """
    facts = pack.city
    City.objects.get_or_create(slug=facts.slug, defaults={"name": facts.name})
    city = City.objects.select_for_update().get(slug=facts.slug)
    old = city.pack_hashes
    hashes = _hashes_after(pack, old, parts)
    if old == hashes:
        return city
    changed = {part for part in old.keys() | hashes.keys() if old.get(part) != hashes.get(part)}
    _replace_map(city, pack, changed)
    for name, value in vars(facts).items():
        setattr(city, name, value)
    city.calendar = pack.calendar
    city.layers = [_layer_entry(layer) for layer in pack.areas]
    city.asset_kinds = list(pack.assets)
    bounds = _bounds_of(pack)
    if parts is None or bounds:
        city.west, city.south, city.east, city.north = bounds or (None,) * 4
    city.revision += 1
    city.pack_hashes = hashes
    city.changed_at, city.changed_by = now, by[:200]
    city.save()
    return city


def _hashes_after(
    pack: PlacesPack, old: dict[str, str], parts: frozenset[str] | None
) -> dict[str, str]:
    if parts is None:
        return pack.hashes()
    kept = {name: known for name, known in old.items() if part_of(name) not in parts}
    return kept | {name: found for name, found in pack.hashes().items() if part_of(name) in parts}


def _layer_entry(layer: AreaLayer) -> dict[str, Any]:
    return {
        "stem": layer.stem,
        "layer": layer.layer,
        "label": layer.label,
        "public": layer.public,
    }


def _bounds_of(pack: PlacesPack) -> geo.Box | None:
    """The box of the first area layer (the city limit), else of everything else on the map."""
    box: geo.Box | None = None
    points: list[tuple[float, float]] = []
    if pack.areas:
        for row in pack.areas[0].rows:
            points.extend(geometry.positions(row.geometry["coordinates"]))
    if not points:
        points = [p for street in pack.streets for p in geometry.positions(street.lines)]
        points += [(row.lon, row.lat) for row in pack.addresses]
        points += [(row.lon, row.lat) for row in pack.landmarks]
    for lon, lat in points:
        box = rules.grown(box, lon, lat)
    return box


def _replace_map(city: City, pack: PlacesPack, changed: set[str]) -> None:
    """Replace, as a whole, the parts whose data is not what it was."""
    if any(part.startswith("areas/") for part in changed):
        _put(Area, city, ("layer", "code", "name", "geometry", "sort"), _area_values(pack))
    if "streets" in changed:
        _put_streets(city, pack)
    if "addresses" in changed:
        _put_addresses(city, pack)
    if "landmarks" in changed:
        _put_landmarks(city, pack)
    for part in sorted(changed):
        folder, _, kind = part.partition("/")
        if folder == "assets":
            _put_assets(city, kind, pack.assets.get(kind, []))


def _area_values(pack: PlacesPack) -> Iterable[Values]:
    for layer in pack.areas:
        for row in layer.rows:
            yield layer.layer, row.code, row.name, row.geometry, row.sort


def _put_streets(city: City, pack: PlacesPack) -> None:
    columns = (
        "name", "name_norm", "kind", "geometry", "numbers", "aliases", "names", "sort", "lon", "lat", "cell",
    )  # fmt: skip
    rows = []
    for sort, row in enumerate(pack.streets):
        lon, lat = geometry.middle_of(row.lines)
        norm = rules.street_norm(row.name)[:120]
        rows.append(
            (
                row.name, norm, row.kind, row.lines, row.numbers, row.aliases, row.names, sort,
                lon, lat, cell_of(lon, lat),
            )
        )  # fmt: skip
    _put(Street, city, columns, rows)
    found = corners.crossings((row.name, row.lines) for row in pack.streets)
    _put(
        Corner,
        city,
        ("a", "b", "lon", "lat", "cell"),
        ((a, b, lon, lat, cell_of(lon, lat)) for a, b, lon, lat in found),
    )


def _put_addresses(city: City, pack: PlacesPack) -> None:
    columns = ("number", "street", "unit", "text", "norm", "lon", "lat", "cell", "sort")
    rows = (
        (
            row.number,
            row.street,
            row.unit,
            f"{row.number} {row.street} {row.unit}".strip(),
            f"{rules.plain(row.number)} {rules.street_norm(row.street)}"[:200],
            row.lon,
            row.lat,
            cell_of(row.lon, row.lat),
            sort,
        )
        for sort, row in enumerate(pack.addresses)
    )
    _put(Address, city, columns, rows)


def _put_landmarks(city: City, pack: PlacesPack) -> None:
    columns = ("key", "name", "kind", "aliases", "lon", "lat", "cell", "geometry", "sort")
    rows = (
        (
            row.key, row.name, row.kind, row.aliases, row.lon, row.lat,
            cell_of(row.lon, row.lat), row.geometry, sort,
        )
        for sort, row in enumerate(pack.landmarks)
    )  # fmt: skip
    _put(Landmark, city, columns, rows)


def _put_assets(city: City, kind: str, assets: list[AssetRow]) -> None:
    """Put a kind of assets in place. One whose number stays keeps its row: the cases about it refer to that."""
    there = Asset.objects.filter(city=city, kind=kind)
    if there.exists():
        there.exclude(code__in=[row.code for row in assets]).delete()
        _renew_assets(city, kind, assets)
        return
    columns = ("kind", "code", "name", "lon", "lat", "cell", "facts", "sort")
    rows = (
        (kind, row.code, row.name, row.lon, row.lat, cell_of(row.lon, row.lat), row.facts, sort)
        for sort, row in enumerate(assets)
    )
    _put(Asset, city, columns, rows, only={"kind": kind})


def _renew_assets(city: City, kind: str, assets: list[AssetRow]) -> None:
    Asset.objects.bulk_create(
        [
            Asset(
                city=city,
                kind=kind,
                code=row.code,
                name=row.name,
                lon=row.lon,
                lat=row.lat,
                cell=cell_of(row.lon, row.lat),
                facts=row.facts,
                sort=sort,
            )
            for sort, row in enumerate(assets)
        ],
        batch_size=2_000,
        update_conflicts=True,
        unique_fields=["city", "kind", "code"],
        update_fields=["name", "lon", "lat", "cell", "facts", "sort"],
    )


def _put(
    model: Rows,
    city: City,
    columns: Sequence[str],
    rows: Iterable[Values],
    *,
    only: dict[str, str] | None = None,
) -> None:
    """Replace a city's rows of a model (those that fit `only`) with COPY: tens of thousands in a second."""
    model.objects.filter(city=city, **(only or {})).delete()
    options = model._meta  # noqa: SLF001 - Django's documented way to a table's name and fields
    fields = [options.get_field(name) for name in columns]
    documents = [isinstance(field, models.JSONField) for field in fields]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(name)) for name in ("city_id", *columns))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {quote(options.db_table)} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = zip(row, documents, strict=True)
            copy.write_row(
                [city.pk, *(_stored(value, as_document=json_too) for value, json_too in values)]
            )


def _stored(value: Any, *, as_document: bool) -> Any:
    if as_document and value is not None:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a coordinate is not a number")
    return value
