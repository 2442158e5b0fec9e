"""Named reads of this room: which city is asked, where things are, what is near."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import translation

from onehall.places import areas, index, wording
from onehall.places.areas import area_codes, areas_at, district, inside_limit, label
from onehall.places.drawing import scene
from onehall.places.gazetteer import find_place
from onehall.places.models import City
from onehall.places.naming import StreetNames
from onehall.places.nearby import may_be, reverse, street_at
from onehall.places.wording import FoundPlace

__all__ = [
    "AssetNear",
    "FoundPlace",
    "StreetNames",
    "UnknownCity",
    "area_codes",
    "areas_at",
    "asset_by_code",
    "asset_near",
    "assets_by_code",
    "assets_near",
    "city_by_slug",
    "city_for_host",
    "district",
    "find_place",
    "forget",
    "inside_limit",
    "label",
    "may_be",
    "reverse",
]

_SECONDS: Final = 2.0


class UnknownCity(LookupError):
    """No city answers to this host name; doors answer with "not found"."""


class _Cities:
    """All cities, read again after two seconds: a change of a pack is seen by every process soon."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._cities: list[City] = []

    def all(self) -> list[City]:
        """Every city. Inside a transaction they are always read, so that it sees what it wrote."""
        seconds = float(getattr(settings, "ONEHALL_CITY_CACHE_SECONDS", _SECONDS))
        if connection.in_atomic_block or seconds <= 0:
            return list(City.objects.in_order())
        with self._lock:
            if not self._cities or time.monotonic() - self._read_at > seconds:
                self._cities = list(City.objects.in_order())
                self._read_at = time.monotonic()
            return self._cities

    def forget(self) -> None:
        """Read again next time."""
        with self._lock:
            self._cities = []


_cities: Final = _Cities()


def city_for_host(host: str) -> City:
    """The city that a host name (with or without port) stands for; UnknownCity when there is none.

    First a city that lists the host, then `<slug>.localhost`, then the only city there is.
    """
    name = _bare_host(host)
    cities = _cities.all()
    for city in cities:
        if name in city.hosts:
            return city
    first, _, rest = name.partition(".")
    if rest == "localhost":
        for city in cities:
            if city.slug == first:
                return city
    if len(cities) == 1:
        return cities[0]
    raise UnknownCity(name)


def _bare_host(host: str) -> str:
    """Small letters without port and last dot; "[::1]:8000" is "::1"."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


def city_by_slug(slug: str) -> City:
    """The city with a slug; UnknownCity when there is none."""
    try:
        return City.objects.get(slug=slug)
    except City.DoesNotExist:
        raise UnknownCity(slug) from None


@dataclass(frozen=True)
class AssetNear:
    """A thing with a painted number and how far it is from a point, in metres."""

    kind: str
    code: str
    words: str
    lon: float
    lat: float
    metres: float


def assets_near(
    city: City,
    lon: float,
    lat: float,
    kind: str,
    metres: float,
    *,
    limit: int = 20,
    language: str = "",
) -> list[AssetNear]:
    """Assets of a kind ("" for all kinds) within `metres` of a point, nearest first."""
    held = index.index_of(city)
    found: list[AssetNear] = []
    with translation.override(language or city.language):
        for away, number in held.asset_points.near(lon, lat, metres):
            if len(found) == limit:
                break
            if kind in ("", held.assets[number].kind):
                found.append(asset_near(city, held.assets[number], away, language))
    return found


def asset_by_code(city: City, kind: str, code: str, *, language: str = "") -> AssetNear | None:
    """The asset with a painted number as typed ("sl 1042" for SL-1042); None when none or several fit."""
    fits = assets_by_code(city, code, kind=kind, limit=2, language=language)
    return fits[0] if len(fits) == 1 else None


def assets_by_code(
    city: City, code: str, *, kind: str = "", limit: int = 8, language: str = ""
) -> list[AssetNear]:
    """Assets with a painted number as typed, of a kind ("" for all kinds), at most `limit`."""
    held = index.index_of(city)
    found: list[AssetNear] = []
    with translation.override(language or city.language):
        for key in index.code_keys(code)[:1]:
            for number in held.assets_with(key):
                asset = held.assets[number]
                if kind in ("", asset.kind) and len(found) < limit:
                    found.append(asset_near(city, asset, 0.0, language))
    return found


def asset_near(city: City, asset: index.AssetFacts, away: float, language: str) -> AssetNear:
    """A thing in words of the language that is in use, `away` metres from where one looks."""
    where = city.words(asset.name, language or city.language)
    where = where or street_at(city, asset.lon, asset.lat)
    words = wording.asset(asset.kind, asset.code, where)
    return AssetNear(asset.kind, asset.code, words, asset.lon, asset.lat, round(away, 1))


def forget(city: City | None = None) -> None:
    """Drop everything held in memory of a city, or of all; for tests that write rows by hand."""
    city_id = None if city is None else city.pk
    _cities.forget()
    for held in (areas, index, scene):
        held.forget(city_id)
