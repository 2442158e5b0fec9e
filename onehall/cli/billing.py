"""`onehall billing`: bills of other systems, payouts of providers, keys of the API, and the proof of the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehall.cli import cities, running
from onehall.cli.words import Failure, done, operator, out, rows_bar

if TYPE_CHECKING:
    from onehall.billing.gateways.protocol import PayoutReport
    from onehall.billing.importing.profile import Profile
    from onehall.billing.importing.statements import Counts
    from onehall.billing.proof import Proven
    from onehall.people.actor import Actor
    from onehall.places.models import City

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_REASONS = 15
MOST_BYTES = 100 * 1024 * 1024


@click.group()
def command() -> None:
    """Bring in bills and payouts, prove that the journal holds, make keys for the API."""


def _actor(city: City) -> Actor:
    from dataclasses import replace

    from onehall.people.actor import system

    return replace(system(city.pk), name=operator()[:120])


@command.command("import")
@click.argument("file", type=FILE)
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--profile", "name", required=True, help="A profile's name, or a .yaml file.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where refused rows go; FILE.rejects.csv in this folder when left out.",
)
@click.option("--dry-run", is_flag=True, help="Say what would become of every row; change nothing.")
def import_command(
    file: Path, *, slug: str, name: str, rejects: Path | None, dry_run: bool
) -> None:
    """Bring in statements and bills from a CSV file, packed with gzip or not.

    It may be stopped at any time and run again: what is there is not written twice, and what was
    corrected in the file is corrected by adjustments.
    """
    with running.django():
        from onehall.billing.importing import profile as profiles

        try:
            profile = profiles.load(name)
        except profiles.ProfileError as error:
            raise Failure(str(error)) from error
        target = rejects or Path(f"{file.name}.rejects.csv")
        if target.absolute() == file.absolute():
            raise Failure("The refused rows need a file of their own.")
        counts = _import(cities.named(slug), profile, file, target, dry_run=dry_run)
        _report(counts, target, dry_run=dry_run)


def _import(city: City, profile: Profile, file: Path, rejects: Path, *, dry_run: bool) -> Counts:
    from onehall.billing.errors import BillingRefused
    from onehall.billing.importing import statements
    from onehall.billing.importing.profile import ProfileError
    from onehall.billing.importing.rows import FileBroken
    from onehall.kernel import clock

    with rows_bar() as bar:
        task = bar.add_task(file.name, total=file.stat().st_size, rows=0)

        def show(position: int, size: int, counts: Counts) -> None:
            bar.update(task, completed=position, total=size, rows=counts.rows)

        try:
            return statements.take_in(
                city=city,
                profile=profile,
                path=file,
                rejects=rejects,
                by=_actor(city),
                now=clock.now(),
                dry_run=dry_run,
                progress=show,
            )
        except (ProfileError, FileBroken, BillingRefused) as error:
            raise Failure(str(error)) from error


def _report(counts: Counts, rejects: Path, *, dry_run: bool) -> None:
    done(
        f"{counts.rows:,} rows = {counts.new:,} new bills + {counts.corrected:,} corrected"
        f" + {counts.known:,} as they were + {counts.nothing:,} with nothing to pay + {counts.refused:,} refused"
    )
    if counts.carried:
        out.print(f"{counts.carried:,} older bills were carried over to newer ones.")
    for words, count in counts.reasons.most_common(_REASONS):
        out.print(f"{count:>9,}  {words}", markup=False, soft_wrap=True)
    if counts.refused:
        out.print(
            f"The refused rows are in {rejects}, with line, column and reason.",
            markup=False,
            soft_wrap=True,
        )
    else:
        rejects.unlink(missing_ok=True)
    if dry_run:
        out.print("Nothing was changed.")


@command.command()
@click.argument("file", type=FILE, required=False)
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--provider", help="Who paid out; the city's provider when left out.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 400))
def payouts(file: Path | None, *, slug: str, provider: str | None, days: int) -> None:
    """Take payouts in: of a .json or .csv file, or, without one, what the city's provider tells."""
    with running.django():
        from onehall.billing import online, reconciling, tasks
        from onehall.billing.errors import BillingRefused
        from onehall.billing.gateways.protocol import GatewayError
        from onehall.kernel import clock

        city, now = cities.named(slug), clock.now()
        try:
            gateway = online.gateway_of(city)
            if file is not None:
                reports = iter(_payout_file(file))
                by = provider or (gateway.key if gateway else "bank")
            elif gateway is None:
                raise Failure("The city has no payment provider with keys here: name a file.")
            else:
                reports, by = tasks.payouts(city=city, gateway=gateway, days=days, now=now)
            taken = reconciling.take_in(
                city=city, provider=by, reports=reports, by=_actor(city), now=now
            )
        except (BillingRefused, GatewayError) as no:
            raise Failure(str(no)) from no
    done(
        f"{taken.new:,} payouts taken in, {taken.known:,} were there; {taken.matched:,} movements matched,"
        f" {taken.noted:,} to be looked at."
    )


def _payout_file(file: Path) -> list[PayoutReport]:
    from onehall.billing import payout_files

    if file.stat().st_size > MOST_BYTES:
        raise Failure(f"{file} is larger than 100 MB; take it in by months.")
    try:
        return payout_files.read(file.read_text("utf-8-sig"), name=file.name)
    except (payout_files.PayoutFileWrong, UnicodeDecodeError) as no:
        raise Failure(f"{file}: {no}") from no


@command.command()
@click.option("--city", "slug", help="Only this city.")
def prove(slug: str | None) -> None:
    """Prove every journal: entries that sum to nought, what is owed, receipts, closed days. Ends with 1 when one is off."""
    faults = 0
    with running.django():
        from onehall.billing import proof
        from onehall.kernel import clock

        for city in cities.chosen(slug):
            with out.status(f"Proving {city.name}"):
                found = proof.prove(city=city, now=clock.now())
            faults += len(found.faults)
            _print_proof(city, found)
    if faults:
        said = "1 thing is off." if faults == 1 else f"{faults} things are off."
        raise Failure(said, hint="See docs/operate/billing.md, “When the proof finds something”.")


def _print_proof(city: City, found: Proven) -> None:
    for fault in found.faults:
        out.print(f"{city.name}: {fault}", markup=False, soft_wrap=True)
    if not found.faults:
        done(
            f"{city.name}: {found.entries:,} entries with {found.lines:,} lines hold; {found.seconds:.1f} s."
        )


@command.command()
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--name", help="Which system gets it: a new key is made, and shown once.")
@click.option("--end", "ended", help="The name of a key that is good for nothing from now on.")
def key(slug: str, *, name: str | None, ended: str | None) -> None:
    """Make a key for a system that sends bills, end one, or list those in use."""
    with running.django():
        from onehall.billing import api_keys
        from onehall.billing.errors import BillingRefused
        from onehall.kernel import clock

        city, now = cities.named(slug), clock.now()
        try:
            if ended:
                api_keys.end(city=city, name=ended, now=now)
                done(f"The key {ended} is ended.")
            if name:
                made = api_keys.make(city=city, name=name, now=now)
                out.print(made, markup=False, soft_wrap=True)
                out.print("It is shown this once; only its hash is kept.")
        except BillingRefused as no:
            raise Failure(str(no)) from no
        if not (name or ended):
            for held in api_keys.held(city):
                used = f"used {held.used_at:%Y-%m-%d}" if held.used_at else "never used"
                out.print(
                    f"{held.name}: made {held.created_at:%Y-%m-%d}, {used}",
                    markup=False,
                    soft_wrap=True,
                )


@command.command("export")
@click.option("--city", "slug", required=True, help="The short name of the city.")
@click.option("--from", "first", required=True, help="The first closed day: 2026-11-27.")
@click.option("--to", "last", help="The last one; without it the first alone.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="The folder for the file, which is named after its batch.",
)
def export_command(slug: str, *, first: str, last: str | None, folder: Path) -> None:
    """Write closed days for the general ledger, in the columns of `billing.yaml`. The same days are the same bits."""
    from datetime import date

    try:
        begins = date.fromisoformat(first)
        ends = date.fromisoformat(last) if last else begins
    except ValueError as no:
        raise Failure("Write days like 2026-11-27.") from no
    with running.django():
        from onehall.billing import exporting
        from onehall.billing.errors import BillingRefused

        try:
            batch = exporting.batch_of(city=cities.named(slug), first=begins, last=ends)
        except BillingRefused as no:
            raise Failure(str(no)) from no
    path = folder / batch.name
    path.write_bytes(batch.text.encode())
    done(f"{path}: {batch.rows:,} rows, sha256 {batch.sha256}.")
