"""A city pack as a whole: the rooms' parts read together, compared, applied in one transaction, written back.

Import it only after Django is set up.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction
from django.db.models import F

from onehall.casework import migrating, recounting
from onehall.catalog import pack as catalog_pack
from onehall.catalog.pack import CatalogPack, Known
from onehall.kernel import clock
from onehall.kernel.yamlfile import PackProblem
from onehall.people import pack as people_pack
from onehall.people.actor import system
from onehall.people.pack import PeoplePack
from onehall.places import pack as places_pack
from onehall.places.models import City
from onehall.places.pack import Change, PlacesPack


class PackRefused(Exception):
    """The pack has mistakes, so nothing was changed."""

    def __init__(self, problems: list[PackProblem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class NoSuchCity(LookupError):
    """There is no city with that slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPack:
    """The three parts of a checked pack."""

    places: PlacesPack
    people: PeoplePack
    catalog: CatalogPack


def read(folder: Path) -> tuple[CityPack, list[PackProblem]]:
    """Everything in a folder and everything wrong with it, sorted by file and line, each once."""
    places, problems = places_pack.read(folder)
    languages = places.city.languages
    people, people_problems = people_pack.read(folder, languages)
    known = Known(
        languages=tuple(languages),
        queues=people.queue_keys,
        asset_kinds=frozenset(places.assets),
        owners=places.owners,
        people=frozenset(m["email"] for m in people.staff),
        bodies=frozenset(b["key"] for b in people.bodies),
        areas={a.layer: frozenset(row.code for row in a.rows) for a in places.areas},
    )
    catalog, catalog_problems = catalog_pack.read(folder, known)
    found = {*problems, *people_problems, *catalog_problems}
    return CityPack(places=places, people=people, catalog=catalog), sorted(found)


def check(folder: Path) -> list[PackProblem]:
    """Every mistake in a folder; needs no database."""
    return read(folder)[1]


def read_sound(folder: Path) -> CityPack:
    """A pack without mistakes; `PackRefused` for one with."""
    pack, problems = read(folder)
    if problems:
        raise PackRefused(problems)
    return pack


def warnings(pack: CityPack) -> list[str]:
    """What could not be checked, and what should be looked at, as sentences."""
    return [*people_pack.warnings(pack.people), *catalog_pack.warnings(pack.catalog)]


def changes(pack: CityPack, *, with_staff: bool = False) -> list[Change]:
    """What applying a checked pack would change."""
    city = City.objects.filter(slug=pack.places.city.slug).first()
    return [
        *places_pack.plan(city, pack.places),
        *_changes_above(pack, city, with_staff=with_staff),
    ]


def _changes_above(pack: CityPack, city: City | None, *, with_staff: bool) -> list[Change]:
    return [
        *people_pack.plan(pack.people, city, with_staff=with_staff),
        *_with_live_cases(catalog_pack.plan(pack.catalog, city), city),
    ]


def _with_live_cases(changes: list[Change], city: City | None) -> list[Change]:
    """Beside each flow that gets a new version or goes: how many open cases stay on which one."""
    if city is None or not any(c.what == "flow" and c.kind != "add" for c in changes):
        return changes
    live = migrating.live_by_version(city)
    return [
        replace(c, detail=f"{c.detail}; {said}" if c.detail else said)
        if c.what == "flow" and (said := stay_words(live.get(c.name, [])))
        else c
        for c in changes
    ]


def stay_words(live: list[tuple[int, int]]) -> str:
    """How many open cases stay on each version: "412 cases stay on version 6"."""
    return ", ".join(
        f"{count} {'case stays' if count == 1 else 'cases stay'} on version {number}"
        for number, count in live
    )


def apply(pack: CityPack, *, by: str, with_staff: bool = False) -> City:
    """Make a city what a checked pack says. Its revision grows by one, or stays when nothing changes."""
    return apply_counted(pack, by=by, with_staff=with_staff)[0]


@transaction.atomic
def apply_counted(
    pack: CityPack, *, by: str, with_staff: bool = False
) -> tuple[City, recounting.Recounted]:
    """The same, and the open cases whose dates moved with the calendar or a service's promise."""
    now = clock.now()
    held = City.objects.filter(slug=pack.places.city.slug).first()
    before = held.revision if held else None
    promised = recounting.promised(held)
    city = places_pack.apply(pack.places, by=by, now=now)
    if _changes_above(pack, city, with_staff=with_staff):
        people_pack.apply(pack.people, city, with_staff=with_staff)
        catalog_pack.apply(pack.catalog, city, now=now)
        if city.revision == before:
            City.objects.filter(pk=city.pk).update(
                revision=F("revision") + 1, changed_at=now, changed_by=by
            )
            city.refresh_from_db()
    return city, recounting.after(city=city, before=promised, by=system(city.pk), now=now)


def export(slug: str, folder: Path, *, with_staff: bool = False) -> City:
    """Write a city to a folder. Raises `NoSuchCity`, and `FileExistsError` for a folder in use."""
    city = City.objects.filter(slug=slug).first()
    if city is None:
        raise NoSuchCity(slug)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    places_pack.write(city, folder)
    people_pack.write(city, folder, with_staff=with_staff)
    catalog_pack.write(city, folder)
    return city
