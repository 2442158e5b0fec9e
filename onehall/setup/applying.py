"""Puts a checked pack in force, in one transaction, and notes which files changed and how."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from onehall.billing import pack as billing_pack
from onehall.casework import recounting
from onehall.casework.recounting import Recounted
from onehall.catalog import pack as catalog_pack
from onehall.people import pack as people_pack
from onehall.people.actor import system
from onehall.places import pack as places_pack
from onehall.places.models import City
from onehall.places.rows import SMALL_PARTS, Change, part_of
from onehall.setup import area_moves, files, packs
from onehall.setup.models import ChangeEntry, Draft, Publication
from onehall.setup.packs import CityPack

_FILES: Final = {
    "streets": "streets.geojson",
    "addresses": "addresses.csv",
    "landmarks": "places.geojson",
}
"""Parts that come with a folder: that they changed is noted, not how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who puts a pack in force: a person by id and name, or the command line by name alone."""

    name: str
    user_id: int | None = None
    note: str = ""
    draft: Draft | None = None


def apply(pack: CityPack, *, by: str | Author, now: datetime, with_staff: bool = False) -> City:
    """Make a city what a checked pack says. Its revision grows by one, or stays when nothing changes."""
    return apply_counted(pack, by=by, now=now, with_staff=with_staff)[0]


@transaction.atomic
def apply_counted(
    pack: CityPack, *, by: str | Author, now: datetime, with_staff: bool = False
) -> tuple[City, Recounted]:
    """The same, and the open cases whose dates moved with the calendar or a service's promise."""
    return _apply(pack, by=by, now=now, with_staff=with_staff, parts=None)


@transaction.atomic
def apply_small(
    pack: CityPack, *, by: Author, now: datetime, areas: bool
) -> tuple[City, Recounted]:
    """The same for a pack from `packs.read_small`: the rest of the map stays."""
    parts = SMALL_PARTS if areas else SMALL_PARTS - {"areas"}
    return _apply(pack, by=by, now=now, with_staff=False, parts=parts)


def _apply(
    pack: CityPack,
    *,
    by: str | Author,
    now: datetime,
    with_staff: bool,
    parts: frozenset[str] | None,
) -> tuple[City, Recounted]:
    author = Author(name=by) if isinstance(by, str) else by
    held = City.objects.filter(slug=pack.places.city.slug).first()
    before = files.texts(held) if held else {}
    touches = _touches(pack, held, parts) if held else []
    promised = recounting.promised(held)
    areas_read = parts is None or "areas" in parts
    names = area_moves.names_of(held) if held and areas_read else {}
    city = places_pack.apply(pack.places, by=author.name, now=now, parts=parts)
    if packs.changes_above(pack, city, with_staff=with_staff):
        people_pack.apply(pack.people, city, with_staff=with_staff, by=author.name, now=now)
        catalog_pack.apply(pack.catalog, city, now=now)
        billing_pack.apply(pack.billing, city)
        if held is not None and city.revision == held.revision:
            City.objects.filter(pk=city.pk).update(
                revision=F("revision") + 1, changed_at=now, changed_by=author.name
            )
            city.refresh_from_db()
    recounted = recounting.after(city=city, before=promised, by=system(city.pk), now=now)
    if held is None or city.revision != held.revision:
        touches = [*touches, *_dates(recounted)]
        _record(city, held, before, author=author, touches=touches, now=now)
        if held is not None and _redrawn(held, city):
            area_moves.begin(city=city, names=names, by_name=author.name, now=now)
    return city, recounted


def _redrawn(held: City, city: City) -> bool:
    """Whether an area is another one, came or went."""
    before, after = (
        {name: known for name, known in c.pack_hashes.items() if part_of(name) == "areas"}
        for c in (held, city)
    )
    return bool(before != after)


def _dates(recounted: Recounted) -> list[Change]:
    if not recounted.moved:
        return []
    detail = f"{recounted.sooner} sooner, {recounted.later} later of {recounted.looked_at}"
    return [Change("change", "dates", "open cases", detail)]


def _touches(pack: CityPack, held: City, parts: frozenset[str] | None) -> list[Change]:
    if parts is None:
        return packs.changes(pack)
    return packs.changes_small(pack, held, areas="areas" in parts)


def _record(
    city: City,
    held: City | None,
    before: Mapping[str, str],
    *,
    author: Author,
    touches: Sequence[Change],
    now: datetime,
) -> None:
    publication = Publication.objects.create(
        city=city,
        draft=author.draft,
        at=now,
        by=author.user_id,
        by_name=author.name[:200],
        note=author.note,
        revision=city.revision,
        touches=[asdict(change) for change in touches],
    )
    if held is None:
        return
    after = files.texts(city)
    paths = [p for p in {**before, **after} if before.get(p) != after.get(p)]
    changed = [(path, before.get(path, ""), after.get(path, "")) for path in paths]
    changed += [(path, "", "") for path in _other_files(held, city)]
    ChangeEntry.objects.bulk_create(
        ChangeEntry(
            city=city,
            draft=author.draft,
            publication=publication,
            at=now,
            by=author.user_id,
            by_name=author.name[:200],
            kind=ChangeEntry.Kind.PUBLISHED,
            path=path,
            before=old,
            after=new,
        )
        for path, old, new in changed
    )


def _other_files(held: City, city: City) -> list[str]:
    """Files of the folder that the console does not change, and whose data is another now."""
    old: dict[str, Any] = held.pack_hashes
    new: dict[str, Any] = city.pack_hashes
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    assets = [f"{name}.geojson" for name in names if name.startswith("assets/")]
    return [*(_FILES[name] for name in names if name in _FILES), *assets]
