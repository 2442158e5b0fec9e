"""`onehall flow`: the versions of a city's flows, and live cases between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, out

if TYPE_CHECKING:
    from onehall.casework.migrating import Outlook
    from onehall.places.models import City


@click.group()
def command() -> None:
    """The versions of flows: which are in use, move live cases, draw one."""


@command.command("versions")
@click.argument("slug")
def versions_command(slug: str) -> None:
    """How many open cases are on which version of each flow."""
    with running.django():
        from onehall.casework import migrating

        for key, live in sorted(migrating.live_by_version(cities.named(slug)).items()):
            for number, count in live:
                out.print(f"{key} version {number}: {count}", markup=False)


@command.command("migrate")
@click.argument("slug")
@click.argument("flow")
@click.option("--to", "number", type=int, help="The version; the newest when left out.")
@click.option("--state", "pairs", multiple=True, help="old=new, for a state with another name.")
@click.option("--case", "numbers", multiple=True, help="Only these cases.")
@click.option("--apply", "really", is_flag=True, help="Do it; without this it is only tried.")
@click.option("--undo", is_flag=True, help="Put the named cases back instead.")
def migrate_command(
    slug: str,
    flow: str,
    number: int | None,
    pairs: tuple[str, ...],
    numbers: tuple[str, ...],
    *,
    really: bool,
    undo: bool,
) -> None:
    """Move open cases to another version of their flow; shows what would change first."""
    with running.django():
        city = cities.named(slug)
        if undo:
            _undo(city, numbers)
            return
        done(_migrate(city, flow, number, _states(pairs), numbers, really=really))


@command.command("draw")
@click.argument("source")
@click.argument("flow")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="The file.")
@click.option("--language", help="The city's first language when left out.")
def draw_command(source: str, flow: str, target: Path | None, language: str | None) -> None:
    """Draw a flow as SVG. SOURCE is a city folder, or the slug of a city that is set up."""
    if Path(source).is_dir():
        running.set_up_django()
        text = draw_of_folder(Path(source), flow, language)
    else:
        with running.django():
            text = _draw_of_city(cities.named(source), flow, language)
    place = target or Path(f"{flow}.svg")
    place.write_text(text, encoding="utf-8")
    done(f"{flow} is drawn in {place}.")


def draw_of_folder(folder: Path, flow: str, language: str | None = None) -> str:
    """The drawing of a flow of a city folder; needs no database."""
    from onehall.setup import packs

    pack, problems = packs.read(folder)
    if problems:
        raise Failure(f"{folder} has mistakes.", hint="Run onehall city check.")
    return _drawn(pack.catalog.flows.get(flow), flow, pack.places.city.languages[0], language)


def _draw_of_city(city: City, flow: str, language: str | None) -> str:
    from onehall.catalog import pack as catalog_pack

    doc = catalog_pack.stored(city).flows.get(flow)
    return _drawn(doc, flow, city.languages[0], language)


def _drawn(doc: dict[str, Any] | None, key: str, default: str, language: str | None) -> str:
    from onehall.catalog import diagram, flows
    from onehall.kernel.localized import pick

    if doc is None:
        raise Failure(f"There is no flow {key!r}.")

    def say(words: Any) -> str:
        return pick(words, language or default, default)

    return diagram.draw(flows.parse(doc), say(doc["name"]), say)


def _migrate(
    city: City,
    flow: str,
    number: int | None,
    states: dict[str, str],
    numbers: tuple[str, ...],
    *,
    really: bool,
) -> str:
    from onehall.casework import migrating
    from onehall.casework.errors import CaseworkRefused
    from onehall.casework.models import Case
    from onehall.kernel import clock
    from onehall.people.actor import system

    try:
        version = migrating.version_of(city, flow, number)
    except CaseworkRefused as no:
        raise Failure(str(no)) from None
    ids = migrating.candidates(city, version)
    if numbers:
        ids = list(
            Case.objects.of_city(city.pk)
            .filter(pk__in=ids, number__in=numbers)
            .order_by("number")
            .values_list("pk", flat=True)
        )
    by, now = system(city.pk), clock.now()
    moved = 0
    for case_id, look in zip(
        ids,
        migrating.rehearse(city=city, case_ids=ids, version=version, states=states, by=by, now=now),
        strict=True,
    ):
        _say(look)
        if really and not look.refused:
            migrating.migrate_case(
                city=city, case_id=case_id, version=version, states=states, by=by, now=now
            )
            moved += 1
    if really:
        return f"{moved} of {len(ids)} cases are on version {version.number} now."
    return f"{len(ids)} cases looked at; nothing was changed. Add --apply to do it."


def _say(look: Outlook) -> None:
    """One line of the table: the case, its states, its tasks, what is due when."""
    if look.refused:
        out.print(f"{look.number}  {look.before}: {look.refused}", markup=False, soft_wrap=True)
        return
    parts = [f"{look.before} > {look.after}" if look.before != look.after else look.after]
    for name, keys in (("kept", look.kept), ("added", look.added), ("cancelled", look.cancelled)):
        if keys:
            parts.append(f"{name} {', '.join(keys)}")
    parts += [f"{key} due {at:%Y-%m-%d}" for key, at in look.due]
    out.print(f"{look.number}  {'; '.join(parts)}", markup=False, soft_wrap=True)


def _undo(city: City, numbers: tuple[str, ...]) -> None:
    from onehall.casework import migrating
    from onehall.casework.errors import CaseworkRefused
    from onehall.casework.models import Case
    from onehall.kernel import clock
    from onehall.people.actor import system

    if not numbers:
        raise Failure("Name the cases to put back with --case.")
    back = 0
    for case in Case.objects.of_city(city.pk).filter(number__in=numbers).order_by("number"):
        try:
            migrating.undo_migration(
                city=city, case_id=case.pk, by=system(city.pk), now=clock.now()
            )
            back += 1
        except CaseworkRefused as no:
            out.print(f"{case.number}  {no}", markup=False, soft_wrap=True)
    done(f"{back} cases are back on their version.")


def _states(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        old, sign, new = pair.partition("=")
        if not (old and sign and new):
            raise Failure(f"{pair!r} is not old=new.")
        found[old] = new
    return found
