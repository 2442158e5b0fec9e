"""A city pack as a whole: the rooms' parts read together, compared, written back. `applying` puts it in force.

Import it only after Django is set up.
"""

from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from onehall.billing import pack as billing_pack
from onehall.billing.pack import BillingPack
from onehall.casework import migrating
from onehall.catalog import pack as catalog_pack
from onehall.catalog.pack import CatalogPack, Known
from onehall.catalog.sheets import MATERIALS
from onehall.kernel.yamlfile import PackProblem
from onehall.people import pack as people_pack
from onehall.people.pack import PeoplePack
from onehall.people.serving import Working
from onehall.places import pack as places_pack
from onehall.places.models import City
from onehall.places.pack import Change, PlacesPack
from onehall.setup import area_mentions
from onehall.setup.queries import DraftView


class PackRefused(Exception):
    """The pack has mistakes, so nothing was changed."""

    def __init__(self, problems: list[PackProblem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class NoSuchCity(LookupError):
    """There is no city with that slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPack:
    """The parts of a checked pack. Two are the same when applying them gives the same city."""

    places: PlacesPack
    people: PeoplePack
    catalog: CatalogPack
    billing: BillingPack = field(default_factory=BillingPack)


def read(folder: Path) -> tuple[CityPack, list[PackProblem]]:
    """Everything in a folder and everything wrong with it, sorted by file and line, each once."""
    return _with_the_rest(folder, *places_pack.read(folder))


def around_of(city: City, *, areas: bool) -> "Around":
    """What a draft may refer to in the city's rows; the codes of areas only where it does not bring its own."""
    return Around(
        held=places_pack.small_of(city, areas=False),
        codes={} if areas else places_pack.codes_of(city),
        owners=places_pack.owners_of(city),
        people=people_pack.addresses_of(city),
        working=people_pack.working_in(city),
    )


def read_small(
    folder: Path, around: "Around", *, areas: bool
) -> tuple[CityPack, list[PackProblem]]:
    """The same for the files that the console changes, by what `around_of` read of the city: no query is asked."""
    places, problems = places_pack.read_small(folder, around.held, areas=areas)
    around = replace(around, codes=_codes(places)) if areas else around
    return _with_the_rest(folder, places, problems, around)


def hosts_of_others(pack: CityPack, city: City) -> list[PackProblem]:
    """A host belongs to one city of the house: a second one would take its pages."""
    given = set(pack.places.city.hosts)
    if not given - set(city.hosts):
        return []
    others = City.objects.exclude(pk=city.pk).order_by("pk").values_list("hosts", flat=True)
    taken = given & {host for hosts in others for host in hosts}
    advice = "Take it away here, or there first."
    return [
        PackProblem("city.yaml", 1, f'The host "{host}" is of another city.', advice, "hosts")
        for host in sorted(taken)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a pack may refer to beyond the files that were read; `held` is the rest of the map."""

    held: PlacesPack
    codes: dict[str, list[str]]
    owners: frozenset[str]
    people: frozenset[str] = frozenset()
    working: Working | None = None


def _codes(places: PlacesPack) -> dict[str, list[str]]:
    return {layer.layer: [row.code for row in layer.rows] for layer in places.areas}


def _with_the_rest(
    folder: Path,
    places: PlacesPack,
    problems: list[PackProblem],
    around: Around | None = None,
) -> tuple[CityPack, list[PackProblem]]:
    languages = places.city.languages
    around = around or Around(held=places, codes=_codes(places), owners=places.owners)
    codes = around.codes
    people, people_problems = people_pack.read(folder, languages, codes, around.working)
    known = Known(
        languages=tuple(languages),
        queues=people.queue_keys,
        asset_kinds=frozenset(places.assets),
        owners=around.owners,
        people=around.people | {m["email"] for m in people.staff},
        bodies=frozenset(b["key"] for b in people.bodies),
        serving=people.serving,
        retention=places.city.retention,
        areas={layer: frozenset(found) for layer, found in codes.items()},
    )
    catalog, catalog_problems = catalog_pack.read(folder, known)
    counted_in = catalog.sheets.get(MATERIALS, {}).get("currency", "")
    services = {doc["key"] for doc in catalog.services}
    billing, billing_problems = billing_pack.read(folder, languages, counted_in, services)
    left_over = area_mentions.of_empty(folder, codes)
    found = {*problems, *people_problems, *catalog_problems, *billing_problems, *left_over}
    return CityPack(places=places, people=people, catalog=catalog, billing=billing), sorted(found)


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
    found = people_pack.warnings(pack.people), catalog_pack.warnings(pack.catalog)
    return [*pack.places.notes, *found[0], *found[1]]


def changes(pack: CityPack, *, with_staff: bool = False) -> list[Change]:
    """What applying a checked pack would change."""
    city = City.objects.filter(slug=pack.places.city.slug).first()
    return [
        *places_pack.plan(city, pack.places),
        *changes_above(pack, city, with_staff=with_staff),
    ]


def changes_small(pack: CityPack, city: City, *, areas: bool) -> list[Change]:
    """What applying a pack from `read_small` would change."""
    return [
        *places_pack.plan_small(city, pack.places, areas=areas),
        *changes_above(pack, city, with_staff=False),
    ]


def changes_above(pack: CityPack, city: City | None, *, with_staff: bool) -> list[Change]:
    """What applying would change in departments, in the catalogue and in billing."""
    return [
        *people_pack.plan(pack.people, city, with_staff=with_staff),
        *_with_live_cases(catalog_pack.plan(pack.catalog, city), city),
        *billing_pack.plan(pack.billing, city),
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
    billing_pack.write(city, folder)
    return city


def zipped(city: City, draft: DraftView | None = None) -> bytes:
    """A city's folder as a zip file, without its people; with a draft, as publishing would make it."""
    out = BytesIO()
    with TemporaryDirectory(prefix="onehall-zip-") as name:
        folder = Path(name) / city.slug
        export(city.slug, folder)
        for file in draft.changed if draft else ():
            path = folder / file.path
            if file.text is None:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(file.text, encoding="utf-8")
        with ZipFile(out, "w", ZIP_DEFLATED) as archive:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                archive.write(path, path.relative_to(folder.parent).as_posix())
    return out.getvalue()
