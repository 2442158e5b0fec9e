"""The pack that a city in the database would be written as."""

from dataclasses import replace
from itertools import groupby

from onehall.places.models import Address, Area, Asset, City, Landmark, Street
from onehall.places.rows import (
    AddressRow,
    AreaLayer,
    AreaRow,
    AssetRow,
    CityFacts,
    LandmarkRow,
    PlacesPack,
    StreetRow,
)


def pack_of(city: City) -> PlacesPack:
    """Everything about a city's places, as plain data."""
    return PlacesPack(
        city=facts_of(city),
        calendar=city.calendar,
        areas=_areas(city),
        streets=_streets(city),
        addresses=_addresses(city),
        landmarks=_landmarks(city),
        assets=_assets(city),
    )


def small_of(city: City, *, areas: bool) -> PlacesPack:
    """The parts that are quick to read; without `areas` their layers are there, but nothing in them."""
    found = _areas(city) if areas else [replace(layer, rows=[]) for layer in _layers(city)]
    kinds: dict[str, list[AssetRow]] = {kind: [] for kind in city.asset_kinds}
    return PlacesPack(city=facts_of(city), calendar=city.calendar, areas=found, assets=kinds)


def codes_of(city: City) -> dict[str, list[str]]:
    """The codes of every layer's areas, without their shapes."""
    found: dict[str, list[str]] = {layer.layer: [] for layer in _layers(city)}
    rows = Area.objects.filter(city=city).order_by("layer", "sort", "id")
    for layer, code in rows.values_list("layer", "code"):
        found.setdefault(layer, []).append(code)
    return found


def owners_of(city: City) -> frozenset[str]:
    """Who looks after the city's assets, as their fact `owner` says."""
    rows = Asset.objects.filter(city=city, facts__has_key="owner").order_by()
    found = rows.values_list("facts__owner", flat=True).distinct()
    return frozenset(owner for owner in found if isinstance(owner, str) and owner)


def facts_of(city: City) -> CityFacts:
    """The city's own facts."""
    return CityFacts(
        slug=city.slug,
        name=city.name,
        time_zone=city.time_zone,
        languages=city.languages,
        hosts=city.hosts,
        contact=city.contact,
        emergency=city.emergency,
        outside=city.outside,
        brand=city.brand,
        numbering=city.numbering,
        map=city.map,
        publishing=city.publishing,
        retention=city.retention,
    )


def _areas(city: City) -> list[AreaLayer]:
    rows = Area.objects.filter(city=city).order_by("layer", "sort", "id")
    by_layer = {
        layer: [AreaRow(code, name, geometry, sort) for _, code, name, geometry, sort in found]
        for layer, found in groupby(
            rows.values_list("layer", "code", "name", "geometry", "sort"), key=lambda row: row[0]
        )
    }
    return [replace(layer, rows=by_layer.get(layer.layer, [])) for layer in _layers(city)]


def _layers(city: City) -> list[AreaLayer]:
    return [
        AreaLayer(
            stem=entry["stem"],
            layer=entry["layer"],
            rows=[],
            label=entry.get("label", {}),
            public=entry.get("public", True),
        )
        for entry in city.layers
    ]


def _streets(city: City) -> list[StreetRow]:
    rows = Street.objects.filter(city=city).order_by("sort", "id")
    fields = ("name", "kind", "geometry", "numbers", "aliases", "names")
    return [StreetRow(*row) for row in rows.values_list(*fields)]


def _addresses(city: City) -> list[AddressRow]:
    rows = Address.objects.filter(city=city).order_by("sort", "id")
    return [AddressRow(*row) for row in rows.values_list("number", "street", "unit", "lon", "lat")]


def _landmarks(city: City) -> list[LandmarkRow]:
    rows = Landmark.objects.filter(city=city).order_by("sort", "id")
    fields = ("key", "name", "kind", "aliases", "lon", "lat", "geometry")
    return [LandmarkRow(*row) for row in rows.values_list(*fields)]


def _assets(city: City) -> dict[str, list[AssetRow]]:
    kinds: dict[str, list[AssetRow]] = {kind: [] for kind in city.asset_kinds}
    rows = Asset.objects.filter(city=city).order_by("sort", "id")
    for kind, *row in rows.values_list("kind", "code", "name", "lon", "lat", "facts"):
        kinds.setdefault(kind, []).append(AssetRow(*row))
    return kinds
